// SPDX-License-Identifier: BSD-3-Clause
#include "operations/support.hpp"

namespace metatensor_torch::testing {

namespace {

class EmptyLike : public OperationTest {};

INSTANTIATE_TEST_SUITE_P(Settings, EmptyLike, floating_point_settings(), setting_name);

/// One block with the values (a, b), of which the second has the gradient d
TensorMap make(double a, double b, double d, const Setting& setting) {
    return tensor_map(
        {with_gradient(block({"s"}, {{0}, {2}}, {{a}, {b}}, setting), "x", {{1, 5}}, {{d}}, setting)});
}

TEST_P(EmptyLike, KeepsLabelsAndGradients) {
    const auto a = make(1.0, 2.0, 3.0, GetParam());
    EXPECT_TRUE(equal_metadata(empty_like(a), a));
    EXPECT_TRUE(equal_metadata(empty_like(a, std::vector<std::string>()), remove_gradients(a)));
    EXPECT_TRUE(equal_metadata_block(empty_like_block(TensorMapHolder::block_by_id(a, 0), "x"),
                                     TensorMapHolder::block_by_id(a, 0)));
    EXPECT_EQ(empty_like(a)->scalar_type(), GetParam().dtype);
}

} // namespace

} // namespace metatensor_torch::testing
