// SPDX-License-Identifier: BSD-3-Clause
#include "operations/support.hpp"

namespace metatensor_torch::testing {

namespace {

class BlockFromArray : public OperationTest {};

INSTANTIATE_TEST_SUITE_P(Settings, BlockFromArray, floating_point_settings(), setting_name);

TEST_P(BlockFromArray, CountsAlongEachAxis) {
    const auto array = torch::rand({2, 3, 4, 5}, GetParam().options());
    const auto block = block_from_array(array);
    EXPECT_TRUE(torch::equal(block->values(), array));
    EXPECT_TRUE(*block->samples() == *labels({"sample"}, {{0}, {1}}, GetParam()));
    ASSERT_EQ(block->components().size(), 2u);
    EXPECT_TRUE(*block->components()[0] == *labels({"component_1"}, {{0}, {1}, {2}}, GetParam()));
    EXPECT_EQ(block->components()[1]->names()[0], "component_2");
    EXPECT_TRUE(*block->properties() == *labels({"property"}, {{0}, {1}, {2}, {3}, {4}}, GetParam()));
}

TEST_P(BlockFromArray, JoinsAxesWithSeveralNames) {
    const auto array = torch::rand({2, 3, 2, 2}, GetParam().options());
    const auto block = block_from_array(array, {{"a", "b"}}, {{"c"}}, {{"p"}});
    EXPECT_TRUE(torch::equal(block->values(), array.reshape({6, 2, 2})));
    EXPECT_TRUE(*block->samples() ==
                *labels({"a", "b"}, {{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {1, 2}}, GetParam()));
    EXPECT_EQ(block->components()[0]->names()[0], "c");
    const auto properties = block_from_array(array, std::nullopt, std::nullopt, {{"p", "q"}})->properties();
    EXPECT_TRUE(*properties == *labels({"p", "q"}, {{0, 0}, {0, 1}, {1, 0}, {1, 1}}, GetParam()));
}

TEST_P(BlockFromArray, RefusesOtherNumbersOfAxes) {
    const auto options = GetParam().options();
    expect_error<c10::ValueError>([&] { block_from_array(torch::rand({2}, options)); },
                                  "must have at least two axes, got shape [2]");
    expect_error<c10::ValueError>(
        [&] {
            block_from_array(torch::rand({2, 3}, options), std::nullopt, {{"c"}});
        },
        "must be as many as the axes of `array`, got 1 for samples, 1 for components and 1 for properties, "
        "and shape [2, 3]");
    expect_error<c10::ValueError>(
        [&] {
            block_from_array(torch::rand({2, 3}, options), std::vector<std::string>());
        },
        "must not be empty");
}

TEST_P(BlockFromArray, TakesAxesWithoutEntries) {
    const auto block = block_from_array(torch::rand({2, 0, 3}, GetParam().options()), {{"a", "b"}});
    EXPECT_EQ(block->samples()->count(), 0);
    EXPECT_EQ(block->samples()->size(), 2);
}

} // namespace

} // namespace metatensor_torch::testing
