// SPDX-License-Identifier: BSD-3-Clause
#include "operations/support.hpp"

namespace metatensor_torch::testing {

namespace {

class Multiply : public OperationTest {};

INSTANTIATE_TEST_SUITE_P(Settings, Multiply, floating_point_settings(), setting_name);

/// One block with the values (a, b), of which the second has the gradient d
TensorMap make(double a, double b, double d, const Setting& setting) {
    return tensor_map(
        {with_gradient(block({"s"}, {{0}, {2}}, {{a}, {b}}, setting), "x", {{1, 5}}, {{d}}, setting)});
}

TEST_P(Multiply, WorksWithANumberAndItsGradients) {
    const auto a = make(2.0, -3.0, 10.0, GetParam());
    expect_maps_close(multiply(a, 0.5), make(1.0, -1.5, 5.0, GetParam()));
    expect_maps_close(multiply(a, 2), multiply(a, static_cast<double>(2)));
}

TEST_P(Multiply, WorksWithAMapAndItsGradients) {
    const auto a = make(2.0, -3.0, 10.0, GetParam());
    const auto b = make(4.0, 2.0, 6.0, GetParam());
    expect_maps_close(multiply(a, b), make(8.0, -6.0, -3.0 * 6.0 + 2.0 * 10.0, GetParam()));
}

TEST_P(Multiply, RefusesMapsThatDiffer) {
    const auto a = make(2.0, -3.0, 10.0, GetParam());
    const auto without = tensor_map({"s"}, {{0}, {2}}, {{2.0}, {-3.0}}, GetParam());
    expect_error<NotEqualError>([&] { multiply(a, without); },
                                "must have gradients with respect to the same parameters");
    const auto other = tensor_map({"s"}, {{1}, {2}}, {{2.0}, {-3.0}}, GetParam());
    expect_error<NotEqualError>(
        [&] { multiply(without, other); },
        "the samples of the blocks given to 'multiply' must be the same in the same order");
    expect_error<NotEqualError>([&] { multiply(without, other); }, "for the key (key=0)");
}

TEST_P(Multiply, RefusesGradientsOfGradientsOfTwoMaps) {
    auto gradient = with_gradient(block({"sample", "g"}, {{1, 5}}, {{10.0}}, GetParam()), "y", {{0, 0}},
                                  {{1.0}}, GetParam());
    auto values = block({"s"}, {{0}, {2}}, {{1.0}, {2.0}}, GetParam());
    values->add_gradient("x", gradient);
    const auto nested = tensor_map({values});
    expect_error<c10::NotImplementedError>([&] { multiply(nested, nested); },
                                           "'multiply' is not implemented for gradients of gradients");
    const auto twice = multiply(nested, 2.0);
    const auto x = TensorBlockHolder::gradient(TensorMapHolder::block_by_id(twice, 0), "x");
    EXPECT_EQ(TensorBlockHolder::gradient(x, "y")->values().item<double>(), 2.0);
}

TEST(MultiplyBooleans, CarriesTheirGradients) {
    const Setting booleans{torch::kCPU, torch::kBool};
    const auto make = [&](double value, double gradient) {
        return tensor_map(
            {with_gradient(block({"s"}, {{0}}, {{value}}, booleans), "x", {{0, 5}}, {{gradient}}, booleans)});
    };
    const auto gradient = [](const TensorMap& tensor) {
        return TensorBlockHolder::gradient(TensorMapHolder::block_by_id(tensor, 0), "x")->values();
    };
    EXPECT_TRUE(gradient(multiply(make(1.0, 0.0), make(0.0, 1.0))).item<bool>());
    EXPECT_FALSE(gradient(multiply(make(0.0, 1.0), make(0.0, 1.0))).item<bool>());
}

} // namespace

} // namespace metatensor_torch::testing
