// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include "atomistic/support.hpp"

namespace metatomic_torch {
namespace {

using metatensor_torch::Labels;
using metatensor_torch::LabelsHolder;
using metatensor_torch::TensorBlock;
using metatensor_torch::TensorBlockHolder;
using metatensor_torch::TensorMap;
using metatensor_torch::TensorMapHolder;

System atoms(int64_t n) {
    return torch::make_intrusive<SystemHolder>(
        torch::ones({n}, torch::kInt32), torch::zeros({n, 3}, torch::kFloat64),
        torch::zeros({3, 3}, torch::kFloat64), torch::zeros({3}, torch::kBool));
}

/// Systems of 2 and 1 atoms.
const auto SYSTEMS = [] { return std::vector<System>{atoms(2), atoms(1)}; };
const std::vector<std::vector<int32_t>> ALL_ATOMS = {{0, 0}, {0, 1}, {1, 0}};

/// A single block of zeros.
TensorBlock block(const Labels& samples, const std::vector<Labels>& components, const Labels& properties,
                  torch::Dtype dtype = torch::kFloat64) {
    std::vector<int64_t> shape = {samples->count()};
    for (const auto& component : components)
        shape.push_back(component->count());
    shape.push_back(properties->count());
    return torch::make_intrusive<TensorBlockHolder>(torch::zeros(shape, dtype), samples, components,
                                                    properties);
}

TensorMap single(const TensorBlock& block, const Labels& keys = LabelsHolder::single()) {
    return torch::make_intrusive<TensorMapHolder>(keys, std::vector<TensorBlock>{block});
}

TensorMap energies(const Labels& samples) {
    return single(block(samples, {}, LabelsHolder::range("energy", 1)));
}

/// Function that checks one output.
auto checking(const std::string& name, const TensorMap& value, const std::string& sample_kind = "system",
              std::optional<Labels> selected = std::nullopt) {
    return [=] {
        c10::Dict<std::string, ModelOutput> requested;
        requested.insert(name, output("", sample_kind));
        c10::Dict<std::string, TensorMap> values;
        values.insert(name, value);
        check_quantities(SYSTEMS(), requested, selected, values, "float64", "outputs");
    };
}

Labels per_system(const std::vector<std::vector<int32_t>>& rows) { return labels({"system"}, rows); }
Labels per_atom(const std::vector<std::vector<int32_t>>& rows) { return labels({"system", "atom"}, rows); }
Labels pairs(const std::vector<std::vector<int32_t>>& rows) {
    return labels({"system", "first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"},
                  rows);
}

TEST(CheckQuantities, ComparesSamplesOfSystems) {
    EXPECT_NO_THROW(checking("energy", energies(per_system({{0}, {1}})))());
    EXPECT_NO_THROW(checking("energy", energies(per_system({{1}, {0}})))());
    EXPECT_THAT(checking("energy", energies(per_system({{0}, {2}}))),
                IsValueError("invalid samples for 'energy': (system=2) is not one of the systems"));
    EXPECT_THAT(checking("energy", energies(per_system({{1}}))),
                IsValueError("invalid samples for 'energy': (system=0) is missing"));
    EXPECT_THAT(
        checking("energy", energies(per_atom(ALL_ATOMS))),
        IsValueError("invalid samples for 'energy': expected the names [system], got [system, atom]"));
    // only systems with selected atoms are needed
    EXPECT_NO_THROW(checking("energy", energies(per_system({{1}})), "system", per_atom({{1, 0}}))());
}

TEST(CheckQuantities, ComparesSamplesOfAtoms) {
    EXPECT_NO_THROW(checking("energy", energies(per_atom(ALL_ATOMS)), "atom")());
    EXPECT_NO_THROW(checking("energy", energies(per_atom({{1, 0}, {0, 1}, {0, 0}})), "atom")());
    EXPECT_THAT(checking("energy", energies(per_atom({{7, 42}})), "atom"),
                IsValueError("(system=7, atom=42) is not one of the atoms"));
    EXPECT_THAT(checking("energy", energies(per_atom({{0, 0}, {1, 0}})), "atom"),
                IsValueError("(system=0, atom=1) is missing"));
}

TEST(CheckQuantities, ComparesSamplesOfSelectedAtoms) {
    const auto selected = per_atom({{0, 1}, {1, 0}});
    EXPECT_NO_THROW(checking("energy", energies(selected), "atom", selected)());
    EXPECT_NO_THROW(checking("energy", energies(per_atom({{1, 0}, {0, 1}})), "atom", selected)());
    EXPECT_THAT(checking("energy", energies(per_atom(ALL_ATOMS)), "atom", selected),
                IsValueError("(system=0, atom=0) is not one of the selected atoms"));
    EXPECT_THAT(checking("energy", energies(per_atom({{1, 0}})), "atom", selected),
                IsValueError("(system=0, atom=1) is missing"));
}

TEST(CheckQuantities, ComparesSamplesOfPairs) {
    EXPECT_NO_THROW(
        checking("energy", energies(pairs({{0, 0, 1, 0, 0, -1}, {1, 0, 0, 1, 0, 0}})), "atom_pair")());
    EXPECT_NO_THROW(checking("energy", energies(pairs({})), "atom_pair")());
    EXPECT_THAT(
        checking("energy", energies(pairs({{1, 0, 1, 0, 0, 0}})), "atom_pair"),
        IsValueError("(system=1, first_atom=0, second_atom=1, cell_shift_a=0, cell_shift_b=0, cell_shift_c=0)"
                     " is out of the bounds of the systems"));
    EXPECT_THAT(checking("energy", energies(pairs({{2, 0, 0, 0, 0, 0}})), "atom_pair"),
                IsValueError("(system=2, "));
}

TEST(CheckQuantities, ComparesKeysDtypeAndNames) {
    const auto samples = per_system({{0}, {1}});
    const auto property = LabelsHolder::range("energy", 1);
    EXPECT_THAT(checking("energy", single(block(samples, {}, property), LabelsHolder::range("key", 1))),
                IsValueError("invalid keys for 'energy': expected a single key, '_' = 0"));
    EXPECT_THAT(checking("energy", single(block(samples, {}, property, torch::kFloat32))),
                IsValueError("wrong dtype for 'energy': the model uses float64, but these data are float32"));
    EXPECT_THAT(checking("foo", energies(samples)), IsValueError("invalid quantity name 'foo'"));
    EXPECT_NO_THROW(
        checking("mine::thing", single(block(samples, {}, property), LabelsHolder::range("key", 1)))());
    EXPECT_NO_THROW(checking("energy/variant", energies(samples))());
}

TEST(CheckQuantities, WantsWhatWasRequested) {
    c10::Dict<std::string, ModelOutput> requested;
    requested.insert("energy", output(""));
    c10::Dict<std::string, TensorMap> values;
    EXPECT_THAT([&] { check_quantities(SYSTEMS(), requested, {}, values, "float64", "outputs"); },
                IsValueError("the model did not produce the output 'energy', which was requested"));
    EXPECT_THAT([&] { check_quantities(SYSTEMS(), requested, {}, values, "float64", "inputs"); },
                IsValueError("the input 'energy', which the model requests, is missing"));
    values.insert("energy", energies(per_system({{0}, {1}})));
    const c10::Dict<std::string, ModelOutput> nothing;
    EXPECT_THAT([&] { check_quantities(SYSTEMS(), nothing, {}, values, "float64", "outputs"); },
                IsValueError("the model produced the output 'energy', which was not requested"));
    EXPECT_NO_THROW(check_quantities(SYSTEMS(), nothing, {}, values, "float64", "inputs"));
    EXPECT_THAT([&] { check_quantities(SYSTEMS(), nothing, {}, values, "float16", "inputs"); },
                IsValueError("must be 'float32' or 'float64', got 'float16'"));
    EXPECT_THAT([&] { check_quantities(SYSTEMS(), nothing, {}, values, "float64", "both"); },
                IsValueError("expected 'inputs' or 'outputs', got 'both'"));
}

TEST(CheckQuantities, KnowsComponentsAndProperties) {
    const auto samples = per_atom(ALL_ATOMS);
    const auto xyz = LabelsHolder::range("xyz", 3);
    const auto check = [&](const std::string& name, const std::vector<Labels>& components,
                           const Labels& properties) {
        return checking(name, single(block(samples, components, properties)), "atom");
    };
    const auto property = [](const std::string& name, int64_t n = 1) { return LabelsHolder::range(name, n); };

    for (const auto* name : {"position", "momentum", "velocity", "non_conservative_force"}) {
        EXPECT_NO_THROW(check(name, {xyz}, property(name))()) << name;
        EXPECT_THAT(check(name, {}, property(name)), IsValueError("expected ['xyz' = 0, 1, 2], got []"))
            << name;
    }
    for (const auto* name : {"mass", "charge"})
        EXPECT_NO_THROW(check(name, {}, property(name))()) << name;
    const auto xyz_1 = LabelsHolder::range("xyz_1", 3);
    const auto xyz_2 = LabelsHolder::range("xyz_2", 3);
    EXPECT_NO_THROW(check("non_conservative_stress", {xyz_1, xyz_2}, property("non_conservative_stress"))());
    EXPECT_THAT(check("non_conservative_stress", {xyz_2, xyz_1}, property("non_conservative_stress")),
                IsValueError("expected ['xyz_1' = 0, 1, 2, 'xyz_2' = 0, 1, 2]"));
    EXPECT_THAT(check("energy", {xyz}, property("energy")), IsValueError("invalid components for 'energy'"));

    EXPECT_THAT(check("energy", {}, property("energies")),
                IsValueError("invalid properties for 'energy': expected 'energy' = 0"));
    EXPECT_THAT(check("energy", {}, property("energy", 2)), IsValueError("invalid properties for 'energy'"));
    EXPECT_NO_THROW(check("energy_ensemble", {}, property("energy", 5))());
    EXPECT_THAT(check("energy_ensemble", {}, labels({"energy"}, {{0}, {2}})),
                IsValueError("expected 'energy' = 0, 1, ..., n - 1"));
    EXPECT_NO_THROW(check("feature", {}, labels({"n", "l"}, {{0, 4}, {3, 2}}))());
    EXPECT_NO_THROW(check("charge", {}, property("charges"))()); // the deprecated name
    EXPECT_THAT(
        check("heat_flux", {xyz}, property("heat_flux")),
        IsValueError(
            "'heat_flux' belongs to a whole system, but it was requested with the sample_kind 'atom'"));
}

/// Function that checks a quantity with a gradient.
auto checking_gradient(const std::string& name, const std::string& parameter, const Labels& samples,
                       const std::vector<Labels>& components) {
    const auto properties = LabelsHolder::range(name, 1);
    const auto values = block(per_system({{0}, {1}}), {}, properties);
    values->add_gradient(parameter, block(samples, components, properties));
    return checking(name, single(values));
}

TEST(CheckQuantities, KnowsGradientsOfEnergies) {
    const auto atoms = labels({"sample", "system", "atom"}, {{0, 0, 1}});
    const auto sample = labels({"sample"}, {{1}});
    const auto xyz = LabelsHolder::range("xyz", 3);
    const std::vector<Labels> strain = {LabelsHolder::range("xyz_1", 3), LabelsHolder::range("xyz_2", 3)};
    EXPECT_NO_THROW(checking_gradient("energy", "positions", atoms, {xyz})());
    EXPECT_NO_THROW(checking_gradient("energy", "strain", sample, strain)());
    EXPECT_THAT(checking_gradient("energy", "positions", sample, {xyz}),
                IsValueError("expected the names [sample, system, atom], got [sample]"));
    EXPECT_THAT(checking_gradient("energy", "strain", sample, {xyz}),
                IsValueError("expected ['xyz_1' = 0, 1, 2"));
    EXPECT_THAT(checking_gradient("energy", "cell", sample, strain),
                IsValueError("only 'positions' and 'strain' can be used"));
    const auto beyond = labels({"sample", "system", "atom"}, {{0, 0, 42}});
    EXPECT_THAT(checking_gradient("energy", "positions", beyond, {xyz}),
                IsValueError("(sample=0, system=0, atom=42) is out of the bounds of the systems"));
    const auto elsewhere = labels({"sample", "system", "atom"}, {{0, 0, 1}, {0, 1, 0}});
    EXPECT_THAT(checking_gradient("energy", "positions", elsewhere, {xyz}),
                IsValueError("(sample=0, system=1, atom=0) has another system than its sample"));
    EXPECT_THAT(checking_gradient("mass", "positions", atoms, {xyz}),
                IsValueError("this quantity has no gradients"));
}

TEST(UnitDimension, IsThatOfTheQuantity) {
    EXPECT_EQ(unit_dimension_for_quantity("energy/variant"), "energy");
    EXPECT_EQ(unit_dimension_for_quantity("non_conservative_stress"), "pressure");
    EXPECT_EQ(unit_dimension_for_quantity("positions"), "length");
    EXPECT_EQ(unit_dimension_for_quantity("feature"), "none");
    EXPECT_EQ(unit_dimension_for_quantity("mine::thing"), "");
    EXPECT_THAT([] { unit_dimension_for_quantity("foo"); }, IsValueError("invalid quantity name 'foo'"));
}

TEST(QuantityName, IsTakenApart) {
    const auto parts =
        details::validate_quantity_name("charges/variant", "quantity", DeprecatedNames::accept);
    EXPECT_TRUE(parts.is_standard);
    EXPECT_EQ(parts.base, "charge");
    EXPECT_EQ(parts.current, "charge/variant");
    EXPECT_FALSE(details::validate_quantity_name("a::b", "quantity", DeprecatedNames::accept).is_standard);
    EXPECT_THAT([] { details::validate_quantity_name("energy/a::b", "quantity", DeprecatedNames::accept); },
                IsValueError("a variant can not have '::' in it"));
}

} // namespace
} // namespace metatomic_torch
