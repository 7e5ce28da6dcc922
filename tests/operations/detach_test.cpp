// SPDX-License-Identifier: BSD-3-Clause
#include "operations/support.hpp"

namespace metatensor_torch::testing {

namespace {

class Detach : public OperationTest {};

INSTANTIATE_TEST_SUITE_P(Settings, Detach, floating_point_settings(), setting_name);

/// One block with the values (a, b), of which the second has the gradient d
TensorMap make(double a, double b, double d, const Setting& setting) {
    return tensor_map(
        {with_gradient(block({"s"}, {{0}, {2}}, {{a}, {b}}, setting), "x", {{1, 5}}, {{d}}, setting)});
}

TEST_P(Detach, SharesValuesThatAutogradTakesAsConstants) {
    const auto recorded = requires_grad(make(1.0, 2.0, 3.0, GetParam()));
    const auto result = detach(recorded);
    expect_maps_close(result, make(1.0, 2.0, 3.0, GetParam()));
    const auto block = TensorMapHolder::block_by_id(result, 0);
    EXPECT_FALSE(block->values().requires_grad());
    EXPECT_FALSE(TensorBlockHolder::gradient(block, "x")->values().requires_grad());
    EXPECT_TRUE(block->values().is_alias_of(TensorMapHolder::block_by_id(recorded, 0)->values()));
    EXPECT_FALSE(detach_block(TensorMapHolder::block_by_id(recorded, 0))->values().requires_grad());
}

} // namespace

} // namespace metatensor_torch::testing
