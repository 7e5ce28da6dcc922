// SPDX-License-Identifier: BSD-3-Clause
#include "operations/support.hpp"

namespace metatensor_torch::testing {

namespace {

class Equal : public OperationTest {};

INSTANTIATE_TEST_SUITE_P(Settings, Equal, floating_point_settings(), setting_name);

/// One block with the values (a, b), of which the second has the gradient d
TensorMap make(double a, double b, double d, const Setting& setting) {
    return tensor_map(
        {with_gradient(block({"s"}, {{0}, {2}}, {{a}, {b}}, setting), "x", {{1, 5}}, {{d}}, setting)});
}

TEST_P(Equal, ComparesValuesAndGradients) {
    const auto a = make(1.0, 2.0, 3.0, GetParam());
    EXPECT_TRUE(equal(a, make(1.0, 2.0, 3.0, GetParam())));
    equal_raise(a, a);
    EXPECT_FALSE(equal(a, make(1.0, 2.5, 3.0, GetParam())));
    EXPECT_FALSE(equal(a, make(1.0, 2.0, 4.0, GetParam())));
    expect_error<NotEqualError>([&] { equal_raise(a, make(1.0, 2.5, 3.0, GetParam())); },
                                "but the values in the block with key (key=0) differ");
    expect_error<NotEqualError>([&] { equal_raise(a, make(1.0, 2.0, 4.0, GetParam())); },
                                "but the gradients with respect to 'x' in the block with key (key=0) differ");
}

TEST_P(Equal, ComparesLabelsAndParameters) {
    const auto a = block({"s"}, {{0}, {2}}, {{1.0}, {2.0}}, GetParam());
    const auto b = block({"s"}, {{0}, {1}}, {{1.0}, {2.0}}, GetParam());
    EXPECT_FALSE(equal_block(a, b));
    expect_error<NotEqualError>([&] { equal_block_raise(a, b); }, "but the samples differ");
    const auto x = with_gradient(a->copy(), "x", {{1, 5}}, {{3.0}}, GetParam());
    expect_error<NotEqualError>([&] { equal_block_raise(a, x); },
                                "but the parameters of the gradients differ");
    const auto other_x = with_gradient(a->copy(), "x", {{0, 5}}, {{3.0}}, GetParam());
    expect_error<NotEqualError>([&] { equal_block_raise(x, other_x); },
                                "but the samples of the gradients with respect to 'x' differ");
}

TEST_P(Equal, ComparesKeysInAnyOrder) {
    const auto first = block({"s"}, {{0}}, {{1.0}}, GetParam());
    const auto second = block({"s"}, {{0}}, {{2.0}}, GetParam());
    const auto map = [&](const Rows& keys, const TensorBlock& a, const TensorBlock& b) {
        return torch::make_intrusive<TensorMapHolder>(labels({"key"}, keys, GetParam()),
                                                      std::vector<TensorBlock>{a->copy(), b->copy()});
    };
    EXPECT_TRUE(equal(map({{3}, {7}}, first, second), map({{7}, {3}}, second, first)));
    EXPECT_FALSE(equal(map({{3}, {7}}, first, second), map({{7}, {3}}, first, second)));
    expect_error<NotEqualError>(
        [&] {
            equal_raise(map({{3}, {7}}, first, second), map({{3}, {8}}, first, second));
        },
        "but the keys, got the key (key=7) only in the first, differ");
}

TEST_P(Equal, IsFalseForNotANumber) {
    const auto a = make(NAN, 2.0, 3.0, GetParam());
    EXPECT_FALSE(equal(a, a));
}

} // namespace

} // namespace metatensor_torch::testing
