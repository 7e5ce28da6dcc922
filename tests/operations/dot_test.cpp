// SPDX-License-Identifier: BSD-3-Clause
#include "operations/support.hpp"

namespace metatensor_torch::testing {

namespace {

class Dot : public OperationTest {};

INSTANTIATE_TEST_SUITE_P(Settings, Dot, floating_point_settings(), setting_name);

TEST_P(Dot, MultipliesRowsAndGradientsWithRows) {
    const auto first =
        tensor_map({with_gradient(block({"s"}, {{0}, {2}}, {{1.0, 2.0}, {3.0, 4.0}}, GetParam()), "x",
                                  {{1, 5}}, {{1.0, -1.0}}, GetParam())});
    const auto second = tensor_map({"p"}, {{0}, {1}, {2}}, {{1.0, 0.0}, {0.0, 1.0}, {2.0, 3.0}}, GetParam());
    const auto expected =
        tensor_map({with_gradient(block({"s"}, {{0}, {2}}, {{1.0, 2.0, 8.0}, {3.0, 4.0, 18.0}}, GetParam()),
                                  "x", {{1, 5}}, {{1.0, -1.0, -1.0}}, GetParam())});
    expect_maps_close(dot(first, second), expected);
}

TEST_P(Dot, RefusesGradientsOrOtherPropertiesInTheSecond) {
    const auto first = tensor_map({"s"}, {{0}}, {{1.0, 2.0}}, GetParam());
    const auto with_gradients = tensor_map({with_gradient(block({"s"}, {{0}}, {{1.0, 2.0}}, GetParam()), "x",
                                                          {{0, 5}}, {{1.0, -1.0}}, GetParam())});
    expect_error<c10::ValueError>([&] { dot(first, with_gradients); },
                                  "`tensor_2` of 'dot' must not have gradients");
    const auto other = tensor_map({"s"}, {{0}}, {{1.0}}, GetParam());
    expect_error<NotEqualError>([&] { dot(first, other); },
                                "the properties of the blocks given to 'dot' must be the same");
}

} // namespace

} // namespace metatensor_torch::testing
