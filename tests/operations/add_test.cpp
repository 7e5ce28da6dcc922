// SPDX-License-Identifier: BSD-3-Clause
#include "operations/support.hpp"

namespace metatensor_torch::testing {

namespace {

class Add : public OperationTest {};

INSTANTIATE_TEST_SUITE_P(Settings, Add, floating_point_settings(), setting_name);

TEST_P(Add, AddsValuesOfTwoMaps) {
    const auto a = tensor_map({"s"}, {{0}, {2}}, {{1.0, 2.0}, {3.0, 4.0}}, GetParam());
    const auto b = tensor_map({"s"}, {{0}, {2}}, {{10.0, 20.0}, {30.0, 40.0}}, GetParam());
    expect_maps_close(add(a, b), tensor_map({"s"}, {{0}, {2}}, {{11.0, 22.0}, {33.0, 44.0}}, GetParam()));
}

TEST_P(Add, AddsANumber) {
    const auto a = tensor_map({"s"}, {{0}, {2}}, {{1.0, 2.0}, {3.0, 4.0}}, GetParam());
    expect_maps_close(add(a, 0.5), tensor_map({"s"}, {{0}, {2}}, {{1.5, 2.5}, {3.5, 4.5}}, GetParam()));
    expect_maps_close(add(a, 2), tensor_map({"s"}, {{0}, {2}}, {{3.0, 4.0}, {5.0, 6.0}}, GetParam()));
}

TEST_P(Add, RefusesMapsWithOtherLabels) {
    const auto a = tensor_map({"s"}, {{0}, {2}}, {{1.0}, {3.0}}, GetParam());
    const auto b = tensor_map({"s"}, {{2}, {0}}, {{1.0}, {3.0}}, GetParam());
    EXPECT_THAT([&] { add(a, b); },
                ::testing::ThrowsMessage<NotEqualError>(::testing::HasSubstr(
                    "the samples of the blocks given to 'add' must be the same in the same order")));
    EXPECT_THAT([&] { add(a, "1"); }, ::testing::ThrowsMessage<c10::TypeError>(::testing::HasSubstr(
                                          "`B` of 'add' must be a number or a TensorMap, got str")));
}

} // namespace

} // namespace metatensor_torch::testing
