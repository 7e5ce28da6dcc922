// SPDX-License-Identifier: BSD-3-Clause
#include "operations/support.hpp"

namespace metatensor_torch::testing {

namespace {

class Split : public OperationTest {};

INSTANTIATE_TEST_SUITE_P(Settings, Split, floating_point_settings(), setting_name);

TEST_P(Split, PartsAreSlices) {
    const auto given = block({"s"}, {{3}, {1}, {2}}, {{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}}, GetParam());
    torch::List<torch::Tensor> places({torch::tensor({2, 0}), torch::tensor({0})});
    const auto parts = split_block(given, "samples", places);
    ASSERT_EQ(parts.size(), 2);
    expect_blocks_close(parts[0], block({"s"}, {{2}, {3}}, {{5.0, 6.0}, {1.0, 2.0}}, GetParam()));
    expect_blocks_close(parts[1], block({"s"}, {{3}}, {{1.0, 2.0}}, GetParam()));

    torch::List<Labels> selections;
    for (const int64_t s : {1, 2, 3}) {
        selections.push_back(labels({"s"}, {{s}}, GetParam()));
    }
    const auto whole = tensor_map({given});
    const auto maps = split(whole, "samples", selections);
    ASSERT_EQ(maps.size(), 3);
    expect_maps_close(maps[1], tensor_map({"s"}, {{2}}, {{5.0, 6.0}}, GetParam()));
    EXPECT_THROW(split(whole, "samples", 3), c10::TypeError);
    EXPECT_THROW(split(whole, "components", selections), c10::ValueError);
}

} // namespace

} // namespace metatensor_torch::testing
