// SPDX-License-Identifier: BSD-3-Clause
#include "operations/support.hpp"

namespace metatensor_torch::testing {

namespace {

class Lstsq : public OperationTest {};

INSTANTIATE_TEST_SUITE_P(Settings, Lstsq, floating_point_settings(), setting_name);

TEST_P(Lstsq, FindsWeightsOfAnOverdeterminedSystem) {
    // the mean of 1, 2 and 6 minimizes the sum of squares
    const auto x = tensor_map({"s"}, {{0}, {1}, {2}}, {{1.0}, {1.0}, {1.0}}, GetParam());
    const auto y = tensor_map({"s"}, {{0}, {1}, {2}}, {{1.0}, {2.0}, {6.0}}, GetParam());
    const auto driver = GetParam().device.is_cuda() ? "gels" : "gelsd";
    expect_maps_close(lstsq(x, y, std::nullopt, driver), tensor_map({"p"}, {{0}}, {{3.0}}, GetParam()));
}

TEST_P(Lstsq, TakesGradientsAsEquations) {
    const auto make = [&](double value, double gradient) {
        return tensor_map({with_gradient(block({"s"}, {{0}}, {{value}}, GetParam()), "x", {{0, 5}},
                                         {{gradient}}, GetParam())});
    };
    // w = 3 and w = 5
    expect_maps_close(lstsq(make(1.0, 1.0), make(3.0, 5.0), 1e-5),
                      tensor_map({"p"}, {{0}}, {{4.0}}, GetParam()));
}

TEST_P(Lstsq, DropsSmallSingularValues) {
    if (GetParam().device.is_cuda()) {
        GTEST_SKIP() << "torch has only 'gels' there";
    }
    const auto x = tensor_map({"s"}, {{0}, {1}}, {{1.0, 0.0}, {0.0, 1e-3}}, GetParam());
    const auto y = tensor_map({"s"}, {{0}, {1}}, {{2.0}, {1.0}}, GetParam());
    expect_maps_close(lstsq(x, y, 1e-2, "gelsd"), tensor_map({"p"}, {{0}}, {{2.0, 0.0}}, GetParam()));
    expect_maps_close(lstsq(x, y, 1e-4, "gelsd"), tensor_map({"p"}, {{0}}, {{2.0, 1e3}}, GetParam()));
}

TEST_P(Lstsq, RefusesOtherSamples) {
    const auto x = tensor_map({"s"}, {{0}}, {{1.0}}, GetParam());
    const auto y = tensor_map({"s"}, {{1}}, {{1.0}}, GetParam());
    expect_error<NotEqualError>([&] { lstsq(x, y, std::nullopt); },
                                "the samples of the blocks given to 'lstsq' must be the same");
}

} // namespace

} // namespace metatensor_torch::testing
