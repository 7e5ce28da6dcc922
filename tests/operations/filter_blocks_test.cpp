// SPDX-License-Identifier: BSD-3-Clause
#include "operations/support.hpp"

namespace metatensor_torch::testing {

namespace {

class FilterBlocks : public OperationTest {
  protected:
    TensorMap map() const {
        return torch::make_intrusive<TensorMapHolder>(
            labels({"l", "z"}, {{0, 1}, {1, 1}, {1, 6}}, GetParam()),
            std::vector<TensorBlock>{block({"s"}, {{0}}, {{0.0}}, GetParam()),
                                     block({"s"}, {{0}}, {{1.0}}, GetParam()),
                                     block({"s"}, {{0}}, {{2.0}}, GetParam())});
    }
};

INSTANTIATE_TEST_SUITE_P(Settings, FilterBlocks, floating_point_settings(), setting_name);

TEST_P(FilterBlocks, WithAllDimensionsKeepsTheOrderOfTheSelection) {
    const auto filtered = filter_blocks(map(), labels({"l", "z"}, {{1, 6}, {5, 5}, {0, 1}}, GetParam()));
    EXPECT_TRUE(*filtered->keys() == *labels({"l", "z"}, {{1, 6}, {0, 1}}, GetParam()));
    EXPECT_EQ(TensorMapHolder::block_by_id(filtered, 0)->values().item<double>(), 2.0);
}

TEST_P(FilterBlocks, ElseKeepsTheOrderOfTheMap) {
    const auto filtered = filter_blocks(map(), labels({"z"}, {{6}, {1}}, GetParam()));
    EXPECT_TRUE(*filtered->keys() == *labels({"l", "z"}, {{0, 1}, {1, 1}, {1, 6}}, GetParam()));
    EXPECT_EQ(filter_blocks(map(), labels({"z"}, {{8}}, GetParam()))->keys()->count(), 0);
}

TEST_P(FilterBlocks, SharesOrCopiesTheValues) {
    const auto tensor = map();
    const auto values = TensorMapHolder::block_by_id(tensor, 2)->values();
    const auto keys = labels({"z"}, {{6}}, GetParam());
    EXPECT_TRUE(TensorMapHolder::block_by_id(filter_blocks(tensor, keys), 0)->values().is_same(values));
    const auto copy = filter_blocks(tensor, keys, /*copy=*/true);
    EXPECT_FALSE(TensorMapHolder::block_by_id(copy, 0)->values().is_alias_of(values));
}

} // namespace

} // namespace metatensor_torch::testing
