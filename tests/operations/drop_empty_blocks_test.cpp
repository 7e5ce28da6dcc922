// SPDX-License-Identifier: BSD-3-Clause
#include "operations/support.hpp"

namespace metatensor_torch::testing {

namespace {

class DropEmptyBlocks : public OperationTest {};

INSTANTIATE_TEST_SUITE_P(Settings, DropEmptyBlocks, floating_point_settings(), setting_name);

TEST_P(DropEmptyBlocks, DropsBlocksWithoutSamplesOrProperties) {
    const auto one = labels({"s"}, {{0}}, GetParam());
    const auto none = labels({"s"}, {}, GetParam());
    const auto p = labels({"p"}, {{0}, {1}}, GetParam());
    const auto no_p = labels({"p"}, {}, GetParam());
    const auto make = [&](const Labels& samples, const Labels& properties) {
        return torch::make_intrusive<TensorBlockHolder>(
            torch::ones({samples->count(), properties->count()}, GetParam().options()), samples,
            std::vector<Labels>(), properties);
    };
    auto tensor = tensor_map({make(none, p), make(one, p), make(one, no_p)});
    tensor->set_info("unit", "eV");
    const auto left = drop_empty_blocks(tensor);
    EXPECT_TRUE(*left->keys() == *labels({"key"}, {{1}}, GetParam()));
    EXPECT_EQ(left->get_info("unit"), "eV");
    const auto values = TensorMapHolder::block_by_id(tensor, 1)->values();
    EXPECT_TRUE(TensorMapHolder::block_by_id(left, 0)->values().is_same(values));
    const auto copy = drop_empty_blocks(tensor, /*copy=*/true);
    EXPECT_FALSE(TensorMapHolder::block_by_id(copy, 0)->values().is_alias_of(values));
    EXPECT_EQ(drop_empty_blocks(tensor_map({make(none, p)}))->keys()->count(), 0);
}

} // namespace

} // namespace metatensor_torch::testing
