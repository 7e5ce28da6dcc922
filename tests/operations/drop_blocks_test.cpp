// SPDX-License-Identifier: BSD-3-Clause
#include "operations/support.hpp"

namespace metatensor_torch::testing {

namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class DropBlocks : public OperationTest {
  protected:
    /// Keys (l, z): (0, 1), (1, 1), (1, 6) and one value in each block, which is its place
    TensorMap map() const {
        std::vector<TensorBlock> blocks;
        for (int i = 0; i < 3; ++i) {
            blocks.push_back(block({"s"}, {{0}}, {{static_cast<double>(i)}}, GetParam()));
        }
        return torch::make_intrusive<TensorMapHolder>(
            labels({"l", "z"}, {{0, 1}, {1, 1}, {1, 6}}, GetParam()), blocks);
    }
};

INSTANTIATE_TEST_SUITE_P(Settings, DropBlocks, floating_point_settings(), setting_name);

TEST_P(DropBlocks, TakesSomeDimensionsInAnyOrder) {
    const auto left = drop_blocks(map(), labels({"l"}, {{1}, {7}}, GetParam()));
    EXPECT_TRUE(*left->keys() == *labels({"l", "z"}, {{0, 1}}, GetParam()));
    const auto others = drop_blocks(map(), labels({"z", "l"}, {{1, 0}, {6, 1}}, GetParam()));
    EXPECT_TRUE(*others->keys() == *labels({"l", "z"}, {{1, 1}}, GetParam()));
    EXPECT_EQ(TensorMapHolder::block_by_id(others, 0)->values().item<double>(), 1.0);
}

TEST_P(DropBlocks, MayDropAllOrNone) {
    EXPECT_EQ(drop_blocks(map(), labels({"l"}, {{0}, {1}}, GetParam()))->keys()->count(), 0);
    EXPECT_EQ(drop_blocks(map(), labels({"l"}, {}, GetParam()))->keys()->count(), 3);
}

TEST_P(DropBlocks, SharesOrCopiesTheValues) {
    const auto tensor = map();
    const auto values = [](const TensorMap& map, int64_t i) {
        return TensorMapHolder::block_by_id(map, i)->values();
    };
    const auto keys = labels({"l"}, {{0}}, GetParam());
    EXPECT_TRUE(values(drop_blocks(tensor, keys), 1).is_same(values(tensor, 2)));
    EXPECT_FALSE(values(drop_blocks(tensor, keys, true), 1).is_alias_of(values(tensor, 2)));
}

TEST_P(DropBlocks, RefusesOtherDimensions) {
    EXPECT_THAT([&] { drop_blocks(map(), labels({"k"}, {{0}}, GetParam())); },
                ThrowsMessage<c10::Error>(HasSubstr("contains 'k'")));
}

} // namespace

} // namespace metatensor_torch::testing
