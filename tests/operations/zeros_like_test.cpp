// SPDX-License-Identifier: BSD-3-Clause
#include "operations/support.hpp"

namespace metatensor_torch::testing {

namespace {

class ZerosLike : public OperationTest {};

INSTANTIATE_TEST_SUITE_P(Settings, ZerosLike, floating_point_settings(), setting_name);

/// One block with the values (a, b), of which the second has the gradient d
TensorMap make(double a, double b, double d, const Setting& setting) {
    return tensor_map(
        {with_gradient(block({"s"}, {{0}, {2}}, {{a}, {b}}, setting), "x", {{1, 5}}, {{d}}, setting)});
}

TEST_P(ZerosLike, KeepsLabelsAndGradients) {
    const auto a = make(1.0, 2.0, 3.0, GetParam());
    expect_maps_close(zeros_like(a), make(0.0, 0.0, 0.0, GetParam()));
    const auto without = tensor_map({"s"}, {{0}, {2}}, {{0.0}, {0.0}}, GetParam());
    expect_maps_close(zeros_like(a, std::vector<std::string>()), without);
    expect_blocks_close(zeros_like_block(TensorMapHolder::block_by_id(a, 0), "x"),
                        TensorMapHolder::block_by_id(make(0.0, 0.0, 0.0, GetParam()), 0));
}

TEST_P(ZerosLike, LetsAutogradRecordOnDemand) {
    const auto result = zeros_like(make(1.0, 2.0, 3.0, GetParam()), {}, /*requires_grad=*/true);
    EXPECT_TRUE(TensorMapHolder::block_by_id(result, 0)->values().requires_grad());
}

TEST_P(ZerosLike, RefusesUnknownGradients) {
    const auto a = make(1.0, 2.0, 3.0, GetParam());
    expect_error<c10::ValueError>(
        [&] { zeros_like(a, "y"); },
        "there are no gradients with respect to 'y', which `gradients` of 'zeros_like' asks for");
}

} // namespace

} // namespace metatensor_torch::testing
