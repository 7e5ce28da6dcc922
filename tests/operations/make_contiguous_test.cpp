// SPDX-License-Identifier: BSD-3-Clause
#include "operations/support.hpp"

namespace metatensor_torch::testing {

namespace {

class MakeContiguous : public OperationTest {};

INSTANTIATE_TEST_SUITE_P(Settings, MakeContiguous, floating_point_settings(), setting_name);

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

TEST_P(MakeContiguous, CopiesWhatIsStrided) {
    for (const bool values : {true, false}) {
        const auto block = make_strided(values, GetParam());
        const auto result = make_contiguous_block(block);
        EXPECT_TRUE(is_contiguous_block(result));
        expect_blocks_close(result, block);
        EXPECT_EQ(result->values().is_alias_of(block->values()), !values);
        EXPECT_TRUE(is_contiguous(make_contiguous(tensor_map({block}))));
    }
}

} // namespace

} // namespace metatensor_torch::testing
