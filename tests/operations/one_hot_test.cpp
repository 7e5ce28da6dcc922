// SPDX-License-Identifier: BSD-3-Clause
#include "operations/support.hpp"

namespace metatensor_torch::testing {

namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class OneHot : public OperationTest {};

INSTANTIATE_TEST_SUITE_P(Settings, OneHot,
                         ::testing::Values(Setting{torch::kCPU, torch::kInt},
                                           Setting{torch::kCUDA, torch::kInt}),
                         setting_name);

TEST_P(OneHot, EncodesOneDimension) {
    const auto atoms = labels({"atom", "type"}, {{0, 6}, {1, 1}, {2, 8}, {3, 6}}, GetParam());
    const auto expected =
        torch::tensor({{0, 1, 0}, {1, 0, 0}, {0, 0, 1}, {0, 1, 0}}, torch::kInt).to(GetParam().device);
    const auto encoded = one_hot(atoms, labels({"type"}, {{1}, {6}, {8}}, GetParam()));
    EXPECT_EQ(encoded.scalar_type(), torch::kInt);
    EXPECT_TRUE(encoded.equal(expected));
    // in the order of `dimension`
    EXPECT_TRUE(one_hot(atoms, labels({"type"}, {{8}, {6}, {1}}, GetParam())).equal(expected.flip(1)));
}

TEST_P(OneHot, OfLabelsMadeOnTheirDevice) {
    const auto rows = torch::tensor({{6, 0}, {1, 1}}, GetParam().options());
    const auto atoms = torch::make_intrusive<LabelsHolder>(std::vector<std::string>{"type", "atom"}, rows);
    EXPECT_TRUE(one_hot(atoms, labels({"type"}, {{1}, {6}}, GetParam()))
                    .equal(torch::tensor({{0, 1}, {1, 0}}, GetParam().options())));
}

TEST_P(OneHot, WithoutEntries) {
    const auto none = labels({"type"}, {}, GetParam());
    EXPECT_EQ(one_hot(none, labels({"type"}, {{1}, {6}}, GetParam())).sizes(), torch::IntArrayRef({0, 2}));
    EXPECT_EQ(one_hot(none, none).sizes(), torch::IntArrayRef({0, 0}));
}

TEST_P(OneHot, RefusesUnknownValuesAndNames) {
    const auto atoms = labels({"atom", "type"}, {{0, 6}, {1, 1}}, GetParam());
    EXPECT_THAT([&] { one_hot(atoms, labels({"type"}, {{6}}, GetParam())); },
                ThrowsMessage<c10::ValueError>(HasSubstr("must be in `dimension`, got 1 in entry 1")));
    EXPECT_THAT(
        [&] { one_hot(atoms, labels({"species"}, {{6}}, GetParam())); },
        ThrowsMessage<c10::ValueError>(HasSubstr("must have the dimension 'species', got [atom, type]")));
    EXPECT_THAT([&] { one_hot(atoms, atoms); },
                ThrowsMessage<c10::ValueError>(HasSubstr("must have one dimension, got [atom, type]")));
}

} // namespace

} // namespace metatensor_torch::testing
