// SPDX-License-Identifier: BSD-3-Clause
#include "operations/support.hpp"

namespace metatensor_torch::testing {

namespace {

class RequiresGrad : public OperationTest {};

INSTANTIATE_TEST_SUITE_P(Settings, RequiresGrad, floating_point_settings(), setting_name);

/// One block with the values (a, b), of which the second has the gradient d
TensorMap make(double a, double b, double d, const Setting& setting) {
    return tensor_map(
        {with_gradient(block({"s"}, {{0}, {2}}, {{a}, {b}}, setting), "x", {{1, 5}}, {{d}}, setting)});
}

TEST_P(RequiresGrad, MakesLeavesOfValuesAndGradients) {
    const auto a = make(1.0, 2.0, 3.0, GetParam());
    const auto recorded = multiply(requires_grad(a), 2.0);
    EXPECT_FALSE(TensorMapHolder::block_by_id(a, 0)->values().requires_grad());
    for (const bool wanted : {true, false}) {
        const auto block = TensorMapHolder::block_by_id(requires_grad(recorded, wanted), 0);
        EXPECT_EQ(block->values().requires_grad(), wanted);
        EXPECT_TRUE(block->values().is_leaf());
        EXPECT_EQ(TensorBlockHolder::gradient(block, "x")->values().requires_grad(), wanted);
        EXPECT_EQ(requires_grad_block(block, !wanted)->values().requires_grad(), !wanted);
    }
}

TEST_P(RequiresGrad, RefusesIntegers) {
    const auto integers = tensor_map({"s"}, {{0}}, {{1.0}}, {GetParam().device, torch::kLong});
    expect_error<c10::Error>([&] { requires_grad(integers); }, "floating point");
    EXPECT_FALSE(TensorMapHolder::block_by_id(requires_grad(integers, false), 0)->values().requires_grad());
}

} // namespace

} // namespace metatensor_torch::testing
