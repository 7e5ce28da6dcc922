// SPDX-License-Identifier: BSD-3-Clause
#include "operations/support.hpp"

namespace metatensor_torch::testing {

namespace {

class Allclose : public OperationTest {};

INSTANTIATE_TEST_SUITE_P(Settings, Allclose, floating_point_settings(), setting_name);

/// One block with the values (a, b), of which the second has the gradient d
TensorMap make(double a, double b, double d, const Setting& setting) {
    return tensor_map(
        {with_gradient(block({"s"}, {{0}, {2}}, {{a}, {b}}, setting), "x", {{1, 5}}, {{d}}, setting)});
}

TEST_P(Allclose, AllowsSmallDifferences) {
    const auto a = make(1.0, 2.0, 3.0, GetParam());
    const auto b = make(1.0, 2.5, 3.0, GetParam());
    EXPECT_TRUE(allclose(a, a));
    EXPECT_FALSE(allclose(a, b));
    EXPECT_TRUE(allclose(a, b, /*rtol=*/0.21, /*atol=*/0.0));
    EXPECT_FALSE(allclose(a, b, /*rtol=*/0.19, /*atol=*/0.0));
    EXPECT_TRUE(allclose(a, b, /*rtol=*/0.0, /*atol=*/0.51));
    expect_error<NotEqualError>([&] { allclose_raise(a, b); },
                                "but the values in the block with key (key=0) differ");
    expect_error<NotEqualError>([&] { allclose_raise(a, make(1.0, 2.0, 3.5, GetParam())); },
                                "but the gradients with respect to 'x' in the block with key (key=0) differ");
    allclose_raise(a, b, /*rtol=*/0.0, /*atol=*/0.51);
}

TEST_P(Allclose, ComparesBlocks) {
    const auto a = block({"s"}, {{0}}, {{1.0}}, GetParam());
    const auto b = block({"s"}, {{0}}, {{1.5}}, GetParam());
    EXPECT_FALSE(allclose_block(a, b));
    EXPECT_TRUE(allclose_block(a, b, /*rtol=*/0.0, /*atol=*/0.6));
    expect_error<NotEqualError>([&] { allclose_block_raise(a, b); }, "but the values differ");
    const auto c = block({"s"}, {{1}}, {{1.0}}, GetParam());
    expect_error<NotEqualError>([&] { allclose_block_raise(a, c); }, "but the samples differ");
}

TEST_P(Allclose, TakesNotANumberAsItselfOnDemand) {
    const auto a = make(NAN, 2.0, 3.0, GetParam());
    EXPECT_FALSE(allclose(a, a));
    EXPECT_TRUE(allclose(a, a, 1e-13, 1e-12, /*equal_nan=*/true));
    const auto infinite = make(INFINITY, 2.0, 3.0, GetParam());
    EXPECT_TRUE(allclose(infinite, infinite));
    EXPECT_FALSE(allclose(infinite, make(-INFINITY, 2.0, 3.0, GetParam()), /*rtol=*/1.0, /*atol=*/1.0));
}

TEST_P(Allclose, RefusesOtherTypes) {
    const auto a = make(1.0, 2.0, 3.0, GetParam());
    const auto half = a->to(torch::kHalf);
    expect_error<c10::Error>([&] { allclose(a, half); },
                             "the values given to 'allclose' must have the same dtype");
}

} // namespace

} // namespace metatensor_torch::testing
