// SPDX-License-Identifier: BSD-3-Clause
#include "operations/support.hpp"

namespace metatensor_torch::testing {

namespace {

class EqualMetadata : public OperationTest {};

INSTANTIATE_TEST_SUITE_P(Settings, EqualMetadata, floating_point_settings(), setting_name);

/// One block with the values (a, b), of which the second has the gradient d
TensorMap make(double a, double b, double d, const Setting& setting) {
    return tensor_map(
        {with_gradient(block({"s"}, {{0}, {2}}, {{a}, {b}}, setting), "x", {{1, 5}}, {{d}}, setting)});
}

TEST_P(EqualMetadata, IgnoresValues) {
    EXPECT_TRUE(equal_metadata(make(1.0, 2.0, 3.0, GetParam()), make(4.0, 5.0, 6.0, GetParam())));
    equal_metadata_raise(make(1.0, 2.0, 3.0, GetParam()), make(4.0, 5.0, 6.0, GetParam()));
}

TEST_P(EqualMetadata, ComparesTheLabelsThatAreAskedFor) {
    const auto a = block({"s"}, {{0}, {2}}, {{1.0}, {2.0}}, GetParam());
    const auto b = block({"s"}, {{0}, {1}}, {{1.0}, {2.0}}, GetParam());
    using Names = std::vector<std::string>;
    EXPECT_FALSE(equal_metadata_block(a, b));
    EXPECT_FALSE(equal_metadata_block(a, b, "all"));
    EXPECT_FALSE(equal_metadata_block(a, b, Names{"properties", "samples"}));
    EXPECT_TRUE(equal_metadata_block(a, b, Names{"properties", "components"}));
    expect_error<NotEqualError>([&] { equal_metadata_block_raise(a, b); }, "but the samples differ");
    expect_error<NotEqualError>(
        [&] { equal_metadata_raise(tensor_map({a->copy()}), tensor_map({b->copy()})); },
        "but the samples in the block with key (key=0) differ");
    expect_error<c10::ValueError>(
        [&] { equal_metadata_block(a, b, Names{"keys"}); },
        "must consist of \"samples\", \"components\" and \"properties\", got \"keys\"");
    expect_error<c10::ValueError>([&] { equal_metadata_block(a, b, "samples"); },
                                  "must be a list of strings or \"all\", got \"samples\"");
}

TEST_P(EqualMetadata, ComparesGradientsUnlessToldNotTo) {
    const auto a = block({"s"}, {{0}, {2}}, {{1.0}, {2.0}}, GetParam());
    const auto x = with_gradient(a->copy(), "x", {{1, 5}}, {{3.0}}, GetParam());
    const auto other_x = with_gradient(a->copy(), "x", {{0, 5}}, {{3.0}}, GetParam());
    EXPECT_FALSE(equal_metadata_block(a, x));
    EXPECT_FALSE(equal_metadata_block(other_x, x));
    EXPECT_TRUE(equal_metadata_block(a, x, "all", /*check_gradients=*/false));
    EXPECT_TRUE(equal_metadata_block(other_x, x, "all", /*check_gradients=*/false));
    EXPECT_TRUE(equal_metadata_block(other_x, x, std::vector<std::string>{"properties"}));
}

} // namespace

} // namespace metatensor_torch::testing
