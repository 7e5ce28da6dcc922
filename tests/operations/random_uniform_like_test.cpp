// SPDX-License-Identifier: BSD-3-Clause
#include "operations/support.hpp"

namespace metatensor_torch::testing {

namespace {

class RandomUniformLike : public OperationTest {};

INSTANTIATE_TEST_SUITE_P(Settings, RandomUniformLike, floating_point_settings(), setting_name);

/// One block with the values (a, b), of which the second has the gradient d
TensorMap make(double a, double b, double d, const Setting& setting) {
    return tensor_map(
        {with_gradient(block({"s"}, {{0}, {2}}, {{a}, {b}}, setting), "x", {{1, 5}}, {{d}}, setting)});
}

TEST_P(RandomUniformLike, KeepsLabelsAndGradients) {
    const auto a = make(1.0, 2.0, 3.0, GetParam());
    EXPECT_TRUE(equal_metadata(random_uniform_like(a), a));
    EXPECT_TRUE(equal_metadata(random_uniform_like(a, std::vector<std::string>()), remove_gradients(a)));
    EXPECT_TRUE(equal_metadata_block(random_uniform_like_block(TensorMapHolder::block_by_id(a, 0), "x"),
                                     TensorMapHolder::block_by_id(a, 0)));
    EXPECT_EQ(random_uniform_like(a)->scalar_type(), GetParam().dtype);
}

TEST_P(RandomUniformLike, DrawsNumbersBetweenZeroAndOne) {
    const Setting setting = GetParam();
    const auto many = torch::make_intrusive<TensorBlockHolder>(
        torch::zeros({1000, 10}, setting.options()), LabelsHolder::range("s", 1000)->to(setting.device),
        std::vector<Labels>(), LabelsHolder::range("p", 10)->to(setting.device));
    torch::manual_seed(3);
    const auto values = random_uniform_like_block(many)->values();
    EXPECT_GE(values.min().item<double>(), 0.0);
    EXPECT_LT(values.max().item<double>(), 1.0);
    EXPECT_NEAR(values.mean().item<double>(), 0.5, 0.02);
    EXPECT_NEAR(values.var().item<double>(), 1.0 / 12.0, 0.005);
    EXPECT_FALSE(torch::equal(random_uniform_like_block(many)->values(), values));
}

} // namespace

} // namespace metatensor_torch::testing
