// SPDX-License-Identifier: BSD-3-Clause
#include "operations/support.hpp"

namespace metatensor_torch::testing {

namespace {

class Subtract : public OperationTest {};

INSTANTIATE_TEST_SUITE_P(Settings, Subtract, floating_point_settings(), setting_name);

/// One block with the values (a, b), of which the second has the gradient d
TensorMap make(double a, double b, double d, const Setting& setting) {
    return tensor_map(
        {with_gradient(block({"s"}, {{0}, {2}}, {{a}, {b}}, setting), "x", {{1, 5}}, {{d}}, setting)});
}

TEST_P(Subtract, WorksWithANumberAndItsGradients) {
    const auto a = make(2.0, -3.0, 10.0, GetParam());
    expect_maps_close(subtract(a, 0.5), make(1.5, -3.5, 10.0, GetParam()));
    expect_maps_close(subtract(a, 2), subtract(a, static_cast<double>(2)));
}

TEST_P(Subtract, WorksWithAMapAndItsGradients) {
    const auto a = make(2.0, -3.0, 10.0, GetParam());
    const auto b = make(4.0, 2.0, 6.0, GetParam());
    expect_maps_close(subtract(a, b), make(-2.0, -5.0, 4.0, GetParam()));
}

TEST_P(Subtract, RefusesMapsThatDiffer) {
    const auto a = make(2.0, -3.0, 10.0, GetParam());
    const auto without = tensor_map({"s"}, {{0}, {2}}, {{2.0}, {-3.0}}, GetParam());
    expect_error<NotEqualError>([&] { subtract(a, without); },
                                "must have gradients with respect to the same parameters");
    const auto other = tensor_map({"s"}, {{1}, {2}}, {{2.0}, {-3.0}}, GetParam());
    expect_error<NotEqualError>(
        [&] { subtract(without, other); },
        "the samples of the blocks given to 'subtract' must be the same in the same order");
    expect_error<NotEqualError>([&] { subtract(without, other); }, "for the key (key=0)");
}

TEST_P(Subtract, MakesIntegersFloatingPoint) {
    const auto integers = tensor_map({"s"}, {{0}, {2}}, {{2.0}, {3.0}}, {GetParam().device, torch::kLong});
    const Setting expected = {GetParam().device, torch::kFloat32};
    expect_maps_close(subtract(integers, 1), tensor_map({"s"}, {{0}, {2}}, {{1.0}, {2.0}}, expected));
}

} // namespace

} // namespace metatensor_torch::testing
