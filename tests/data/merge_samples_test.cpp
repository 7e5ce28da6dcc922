// SPDX-License-Identifier: BSD-3-Clause
#include "data/merge_samples.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace metatensor_torch::details {

namespace {

using ::testing::ElementsAre;

BlockData block(const Labels& samples) {
    BlockData result;
    result.values = torch::zeros({samples->count(), 1});
    result.samples = samples;
    result.properties = LabelsHolder::single();
    return result;
}

std::vector<int64_t> list(const torch::Tensor& tensor) {
    return {tensor.const_data_ptr<int64_t>(), tensor.const_data_ptr<int64_t>() + tensor.numel()};
}

TEST(MergeSamples, SortsOrKeepsTheOrderOfAppearance) {
    const auto first = block(LabelsHolder::create({"s", "a"}, {{1, 0}, {0, 3}}));
    const auto second = block(LabelsHolder::create({"s", "a"}, {{0, 3}, {0, 1}, {1, 0}}));

    const auto sorted = merge_samples({&first, &second}, /*sort=*/true);
    EXPECT_EQ(*sorted.samples, *LabelsHolder::create({"s", "a"}, {{0, 1}, {0, 3}, {1, 0}}));
    EXPECT_FALSE(sorted.all_the_same);
    EXPECT_THAT(list(sorted.places), ElementsAre(2, 1, 1, 0, 2));
    EXPECT_THAT(sorted.starts, ElementsAre(0, 2, 5));

    const auto unsorted = merge_samples({&first, &second}, /*sort=*/false);
    EXPECT_EQ(*unsorted.samples, *LabelsHolder::create({"s", "a"}, {{1, 0}, {0, 3}, {0, 1}}));
    EXPECT_THAT(list(unsorted.places), ElementsAre(0, 1, 1, 2, 0));
}

TEST(MergeSamples, KnowsWhenThereIsNothingToDo) {
    const auto first = block(LabelsHolder::create({"s"}, {{2}, {5}}));
    const auto equal = block(LabelsHolder::create({"s"}, {{2}, {5}}));
    const auto merged = merge_samples({&first, &equal}, /*sort=*/true);
    EXPECT_TRUE(merged.all_the_same);
    EXPECT_EQ(merged.samples, first.samples);
    EXPECT_FALSE(merged.places_on(torch::kCPU).defined());
    EXPECT_EQ(merged.start_of(1), 0);
    // the same samples, but not in the order that is asked for
    const auto unsorted = block(LabelsHolder::create({"s"}, {{5}, {2}}));
    EXPECT_TRUE(merge_samples({&unsorted, &unsorted}, /*sort=*/false).all_the_same);
    const auto sorted = merge_samples({&unsorted, &unsorted}, /*sort=*/true);
    EXPECT_EQ(*sorted.samples, *first.samples);
    EXPECT_THAT(list(sorted.places), ElementsAre(1, 0, 1, 0));
}

TEST(MergeSamples, GivesEachBlockItsPlaces) {
    const auto first = block(LabelsHolder::create({"s"}, {{4}, {1}}));
    const auto none = block(LabelsHolder::empty("s"));
    const auto last = block(LabelsHolder::create({"s"}, {{0}}));
    const auto merged = merge_samples({&first, &none, &last}, /*sort=*/true);
    EXPECT_THAT(list(merged.places_on(torch::kCPU)), ElementsAre(2, 1, 0));
    EXPECT_EQ(merged.start_of(0), 0);
    EXPECT_EQ(merged.start_of(1), 2);
    EXPECT_EQ(merged.start_of(2), 2);
}

TEST(MergeSamples, AddsDimensionsWithOneValueForEachBlock) {
    const auto first = block(LabelsHolder::create({"s"}, {{0}, {1}}));
    const auto second = block(LabelsHolder::create({"s"}, {{0}}));
    const int32_t of_first[] = {8, -1};
    const int32_t of_second[] = {6, -2};
    const auto merged =
        merge_samples_with({&first, &second}, {"x", "y"}, {of_first, of_second}, /*sort=*/true);
    EXPECT_EQ(*merged.samples, *LabelsHolder::create({"s", "x", "y"}, {{0, 6, -2}, {0, 8, -1}, {1, 8, -1}}));
    EXPECT_THAT(list(merged.places), ElementsAre(1, 2, 0));

    const auto unsorted =
        merge_samples_with({&first, &second}, {"x", "y"}, {of_first, of_second}, /*sort=*/false);
    EXPECT_EQ(*unsorted.samples,
              *LabelsHolder::create({"s", "x", "y"}, {{0, 8, -1}, {1, 8, -1}, {0, 6, -2}}));
    EXPECT_THAT(list(unsorted.places), ElementsAre(0, 1, 2));
}

TEST(MergeSamples, GradientsFollowTheirSamples) {
    const auto first = block(LabelsHolder::create({"s"}, {{4}, {1}}));
    const auto second = block(LabelsHolder::create({"s"}, {{1}, {0}}));
    const auto merged = merge_samples({&first, &second}, /*sort=*/true); // 0, 1, 4
    const auto of_first = block(LabelsHolder::create({"sample", "atom"}, {{0, 7}, {1, 9}}));
    const auto of_second = block(LabelsHolder::create({"sample", "atom"}, {{0, 9}, {1, 2}}));
    const auto gradients = merge_gradient_samples({&of_first, &of_second}, merged);
    EXPECT_EQ(*gradients.samples, *LabelsHolder::create({"sample", "atom"}, {{0, 2}, {1, 9}, {2, 7}}));
    EXPECT_THAT(list(gradients.places), ElementsAre(2, 1, 1, 0));
}

} // namespace

} // namespace metatensor_torch::details
