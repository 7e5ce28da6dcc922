// SPDX-License-Identifier: BSD-3-Clause
#include "operations/support.hpp"

namespace metatensor_torch::testing {

namespace {

class IsContiguous : public OperationTest {};

INSTANTIATE_TEST_SUITE_P(Settings, IsContiguous, floating_point_settings(), setting_name);

/// Block with transposed values, or else gradients
TensorBlock make_strided(bool values, const Setting& setting) {
    const auto array = torch::tensor({{1.0, 2.0}, {3.0, 4.0}}).to(setting.options());
    const auto samples = labels({"sample"}, {{0}, {1}}, setting);
    const auto properties = labels({"p"}, {{0}, {1}}, setting);
    const std::vector<Labels> components;
    auto block =
        torch::make_intrusive<TensorBlockHolder>(values ? array.t() : array, samples, components, properties);
    block->add_gradient("x", torch::make_intrusive<TensorBlockHolder>(values ? array : array.t(), samples,
                                                                      components, properties));
    return block;
}

TEST_P(IsContiguous, LooksAtValuesAndGradients) {
    for (const bool values : {true, false}) {
        const auto block = make_strided(values, GetParam());
        EXPECT_FALSE(is_contiguous_block(block));
        EXPECT_FALSE(is_contiguous(tensor_map({block->copy()})));
    }
    const auto block = tensor_map({"s"}, {{0}}, {{1.0, 2.0}}, GetParam());
    EXPECT_TRUE(is_contiguous(block));
    EXPECT_TRUE(is_contiguous_block(TensorMapHolder::block_by_id(block, 0)));
}

} // namespace

} // namespace metatensor_torch::testing
