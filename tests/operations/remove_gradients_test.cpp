// SPDX-License-Identifier: BSD-3-Clause
#include "operations/support.hpp"

namespace metatensor_torch::testing {

namespace {

class RemoveGradients : public OperationTest {};

INSTANTIATE_TEST_SUITE_P(Settings, RemoveGradients, floating_point_settings(), setting_name);

TEST_P(RemoveGradients, RemovesThoseThatAreNamedOrAll) {
    const auto values = block({"s"}, {{0}, {2}}, {{1.0}, {2.0}}, GetParam());
    const auto x = with_gradient(values->copy(), "x", {{1, 5}}, {{3.0}}, GetParam());
    const auto both = tensor_map({with_gradient(x->copy(), "y", {{0, 0}}, {{4.0}}, GetParam())});
    expect_maps_close(remove_gradients(both), tensor_map({values->copy()}));
    expect_maps_close(remove_gradients(both, {{"y", "z"}}), tensor_map({x->copy()}));
    expect_maps_close(remove_gradients(both, std::vector<std::string>()), both);
    expect_blocks_close(remove_gradients_block(x), values);
    EXPECT_TRUE(TensorMapHolder::block_by_id(remove_gradients(both), 0)
                    ->values()
                    .is_alias_of(TensorMapHolder::block_by_id(both, 0)->values()));
}

} // namespace

} // namespace metatensor_torch::testing
