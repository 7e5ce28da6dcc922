// SPDX-License-Identifier: BSD-3-Clause
#include "metatomic/torch/units.hpp"

#include <gtest/gtest.h>

#include "atomistic/support.hpp"

namespace metatomic_torch {
namespace {

struct Conversion {
    const char* from;
    const char* to;
    double factor;
};

class Conversions : public testing::TestWithParam<Conversion> {};

TEST_P(Conversions, HaveTheirFactor) {
    const auto [from, to, factor] = GetParam();
    EXPECT_NEAR(unit_conversion_factor(from, to) / factor, 1.0, 1e-12) << from << " to " << to;
}

INSTANTIATE_TEST_SUITE_P(
    Names, Conversions,
    testing::Values(Conversion{"nm", "A", 10.0}, Conversion{"bohr", "angstrom", 0.52917721054482},
                    Conversion{"centimeter", "mm", 10.0}, Conversion{"µm", "um", 1.0},
                    Conversion{"ps", "fs", 1000.0}, Conversion{"kg", "gram", 1000.0},
                    Conversion{"kcal", "kJ", 4.184}, Conversion{"Ry", "hartree", 0.5},
                    Conversion{"GPa", "bar", 1e4}, Conversion{"atm", "Pa", 101325.0},
                    Conversion{"e", "C", 1.602176634e-19}, Conversion{"mol", "1", 6.02214076e23},
                    Conversion{"m_e", "electron_mass", 1.0}, Conversion{"K", "kelvin", 1.0}));

INSTANTIATE_TEST_SUITE_P(Expressions, Conversions,
                         testing::Values(Conversion{"eV", "kJ/mol", 96.48533212331002},
                                         Conversion{"kcal/mol/A", "eV/bohr", 0.02294729572045101},
                                         Conversion{"eV/A^3", "GPa", 160.2176634},
                                         Conversion{"1e-3*A", "A", 1e-3}, Conversion{"A^-1", "1/nm", 10.0},
                                         Conversion{"A^2^2", "A^4", 1.0}, Conversion{"A^(1/2)", "A^.5", 1.0},
                                         Conversion{"(kg*m/s)^2", "kg^2*m^2/s^2", 1.0},
                                         Conversion{" e V ", "eV", 1.0}, Conversion{"8/2/2*A", "A", 2.0},
                                         Conversion{"-1*A", "A", -1.0}, Conversion{"+2*A", "A", 2.0},
                                         Conversion{"A^(eV/eV)", "A", 1.0}));

INSTANTIATE_TEST_SUITE_P(CaseOfNames, Conversions,
                         testing::Values(Conversion{"EV", "eV", 1.0}, Conversion{"KCAL/MOL", "kcal/mol", 1.0},
                                         Conversion{"mev", "eV", 1e-3}, Conversion{"MeV", "eV", 1e6},
                                         Conversion{"MPA", "Pa", 1e6}, Conversion{"gpa", "Pa", 1e9},
                                         Conversion{"M", "A", 1e10}, Conversion{"a", "A", 1.0},
                                         Conversion{"MOL", "mol", 1.0},
                                         Conversion{"Hartree", "HARTREE", 1.0}));

INSTANTIATE_TEST_SUITE_P(NotInOtherLibraries, Conversions,
                         testing::Values(Conversion{"kbar", "Pa", 1e8}, Conversion{"cal", "J", 4.184},
                                         Conversion{"Å", "A", 1.0}, Conversion{"\u212b", "A", 1.0},
                                         Conversion{"mmol", "mol", 1e-3}, Conversion{"N*m", "J", 1.0},
                                         Conversion{"V*e", "eV", 1.0}, Conversion{"eV/A", "nN", 1.602176634},
                                         Conversion{"Da", "u", 1.0}));

TEST(UnitConversion, IsOneWithoutUnits) {
    EXPECT_EQ(unit_conversion_factor("", "eV"), 1.0);
    EXPECT_EQ(unit_conversion_factor("eV", ""), 1.0);
    EXPECT_EQ(unit_conversion_factor("", ""), 1.0);
}

TEST(UnitConversion, IsExactlyOneForTheSameUnit) {
    EXPECT_EQ(unit_conversion_factor("kcal/mol/A", "kcal/mol/A"), 1.0);
    EXPECT_EQ(unit_conversion_factor("A", "Angstrom"), 1.0);
}

struct BadUnit {
    const char* unit;
    const char* message;
};

class BadUnits : public testing::TestWithParam<BadUnit> {};

TEST_P(BadUnits, AreRefused) {
    const auto& [unit, message] = GetParam();
    EXPECT_THAT([&] { unit_conversion_factor(unit, "A"); }, IsValueError(message));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadUnits,
    testing::Values(
        BadUnit{"foo", "unknown unit 'foo'"}, BadUnit{"eV A", "unknown unit 'eVA'"},
        BadUnit{"mpa", "unknown unit 'mpa': do you mean 'MPa'?"},
        BadUnit{"MEV", "unknown unit 'MEV': do you mean 'meV' or 'MeV'?"},
        BadUnit{"MM", "unknown unit 'MM': do you mean 'mm'?"}, BadUnit{"(A", "unbalanced parentheses"},
        BadUnit{"A)", "unbalanced parentheses"}, BadUnit{"A*", "missing a value"},
        BadUnit{"A**2", "missing a value"}, BadUnit{"()", "missing a value"},
        BadUnit{"^2", "missing a value"}, BadUnit{"2A", "leftover input 'A'"},
        BadUnit{"1.5.2*A", "leftover input '.2*A'"}, BadUnit{"A(2)", "leftover input '(2)'"},
        BadUnit{"A^A", "an exponent in a unit expression must be dimensionless, got 'A' with dimension L"},
        BadUnit{"0*A", "out of the range"}, BadUnit{"A/0", "out of the range"},
        BadUnit{"1e999*A", "a number out of range"},
        BadUnit{"eV", "the dimension of 'eV' is L^2 T^-2 M, but that of 'A' is L"},
        BadUnit{"3", "the dimension of '3' is dimensionless"}));

TEST(UnitConversion, RefusesDeepNesting) {
    const auto unit = std::string(200, '(') + "A" + std::string(200, ')');
    EXPECT_THAT([&] { unit_conversion_factor(unit, "A"); }, IsValueError("nested too deeply"));
}

TEST(ValidateUnit, ComparesDimensions) {
    for (const auto& [dimension, unit] : std::vector<std::pair<std::string, std::string>>{
             {"length", "nm"},
             {"energy", "kcal/mol"},
             {"force", "eV/A"},
             {"pressure", "eV/A^3"},
             {"momentum", "u*A/fs"},
             {"mass", "u"},
             {"velocity", "A/fs"},
             {"charge", "e"},
             {"heat_flux", "eV*A/fs"},
             {"none", "eV"},
             {"length", ""},
         }) {
        EXPECT_NO_THROW(details::validate_unit(dimension, unit)) << dimension;
    }
    EXPECT_TRUE(details::valid_dimension("force"));
    EXPECT_FALSE(details::valid_dimension("none"));
    EXPECT_THAT([] { details::validate_unit("energy", "A"); },
                IsValueError("unit 'A' is not a unit of energy: its dimension is L instead of L^2 T^-2 M"));
    EXPECT_THAT([] { details::validate_unit("foo", "A"); }, IsValueError("unknown dimension 'foo'"));
    EXPECT_THAT([] { details::validate_unit("none", "foo"); }, IsValueError("unknown unit 'foo'"));
}

} // namespace
} // namespace metatomic_torch
