// SPDX-License-Identifier: BSD-3-Clause
#include "settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

using namespace metatensor_lammps;
using testing::ElementsAre;
using testing::Eq;
using testing::HasSubstr;
using testing::Optional;

namespace {

auto is_refused(const std::string& text) {
    return testing::ThrowsMessage<std::invalid_argument>(HasSubstr(text));
}

TEST(Settings, HaveDefaults) {
    const auto settings = parse_settings({"model.pt"});
    EXPECT_EQ(settings.model, "model.pt");
    EXPECT_EQ(settings.device, std::nullopt);
    EXPECT_EQ(settings.variant, std::nullopt);
    EXPECT_EQ(settings.extensions, std::nullopt);
    EXPECT_FALSE(settings.check_consistency);
}

TEST(Settings, TakeKeywordsInAnyOrder) {
    const auto settings = parse_settings(
        {"model.pt", "check_consistency", "on", "extensions", ".", "variant", "pbe", "device", "cuda:1"});
    EXPECT_THAT(settings.device, Optional(Eq("cuda:1")));
    EXPECT_THAT(settings.variant, Optional(Eq("pbe")));
    EXPECT_THAT(settings.extensions, Optional(Eq(".")));
    EXPECT_TRUE(settings.check_consistency);
    EXPECT_FALSE(parse_settings({"model.pt", "check_consistency", "off"}).check_consistency);
    EXPECT_TRUE(parse_settings({"model.pt", "check_consistency", "yes"}).check_consistency); // as LAMMPS does
}

TEST(Settings, SayWhatWasExpected) {
    EXPECT_THAT([] { parse_settings({}); }, is_refused("expected the file of a model"));
    EXPECT_THAT(
        [] {
            parse_settings({"m.pt", "colour", "red"});
        },
        is_refused(
            "unknown keyword 'colour', expected one of: device DEVICE, variant NAME, extensions DIRECTORY, "
            "check_consistency on|off"));
    EXPECT_THAT(
        [] {
            parse_settings({"m.pt", "device"});
        },
        is_refused("keyword 'device' must be followed by DEVICE"));
    EXPECT_THAT(
        [] {
            parse_settings({"m.pt", "check_consistency", "maybe"});
        },
        is_refused("the value of 'check_consistency' must be on or off, got 'maybe'"));
    EXPECT_THAT(
        [] {
            parse_settings({"m.pt", "extensions", "nowhere"});
        },
        is_refused("the value of 'extensions' must be a folder, got 'nowhere'"));
}

TEST(Types, AreElementsNumbersOrNull) {
    EXPECT_THAT(parse_types({"H", "Og", "-3", "42", "NULL"}, 5),
                ElementsAre(Optional(1), Optional(118), Optional(-3), Optional(42), Eq(std::nullopt)));
    for (const auto* word : {"h", "Foo", "1.5", "4x", "", "99999999999"}) {
        EXPECT_THAT([&] { parse_types({word}, 1); },
                    is_refused("'" + std::string(word) + "' is neither the symbol of an element"));
    }
    EXPECT_THAT([] { parse_types({"H"}, 2); }, is_refused("each of the 2 atom types after '* *', got 1"));
}

TEST(Types, MustBeKnownToTheModel) {
    check_types({1, std::nullopt, 8}, {"H", "NULL", "8"}, {8, 1});
    EXPECT_THAT(
        [] {
            check_types({1, 6}, {"H", "C"}, {8, 1});
        },
        is_refused("the model does not know C (type 6) of atom type 2, it knows the types: 8 1"));
    EXPECT_THAT([] { check_types({6}, {"6"}, {}); },
                is_refused("the model does not know type 6 of atom type 1"));
}

TEST(UnitStyles, AreThoseWithUnitsOfTheirOwn) {
    EXPECT_EQ(find_units("metal").energy, "eV");
    EXPECT_EQ(find_units("real").energy, "kcal/mol");
    EXPECT_EQ(find_units("si").length, "m");
    EXPECT_EQ(find_units("electron").length, "bohr");
    EXPECT_THAT([] { find_units("lj"); },
                is_refused("units 'lj' are not supported, expected one of: metal, real, si, electron"));
}

} // namespace
