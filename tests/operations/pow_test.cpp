// SPDX-License-Identifier: BSD-3-Clause
#include "operations/support.hpp"

namespace metatensor_torch::testing {

namespace {

class Pow : public OperationTest {};

INSTANTIATE_TEST_SUITE_P(Settings, Pow, floating_point_settings(), setting_name);

/// One block with the values (a, b), of which the second has the gradient d
TensorMap make(double a, double b, double d, const Setting& setting) {
    return tensor_map(
        {with_gradient(block({"s"}, {{0}, {2}}, {{a}, {b}}, setting), "x", {{1, 5}}, {{d}}, setting)});
}

TEST_P(Pow, WorksWithANumberAndItsGradients) {
    const auto a = make(2.0, -3.0, 10.0, GetParam());
    expect_maps_close(pow(a, 2.0), make(4.0, 9.0, 2.0 * -3.0 * 10.0, GetParam()));
    expect_maps_close(pow(a, 3), pow(a, static_cast<double>(3)));
}

TEST_P(Pow, HasNoGradientsForExponentZero) {
    const auto zeros = make(0.0, 0.0, 10.0, GetParam());
    expect_maps_close(pow(zeros, 0), make(1.0, 1.0, 0.0, GetParam()));
    expect_maps_close(pow(zeros, 1), make(0.0, 0.0, 10.0, GetParam()));
}

TEST_P(Pow, RefusesWhatIsNoNumber) {
    const auto a = make(2.0, -3.0, 10.0, GetParam());
    expect_error<c10::TypeError>(
        [&] { pow(a, a); },
        "`B` of 'pow' must be a number, got __torch__.torch.classes.metatensor.TensorMap");
}

} // namespace

} // namespace metatensor_torch::testing
