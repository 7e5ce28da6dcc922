// SPDX-License-Identifier: BSD-3-Clause
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <metatensor/torch.hpp>

namespace metatensor_torch {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;

std::vector<int64_t> list(const torch::Tensor& values) {
    const auto* data = values.const_data_ptr<int64_t>();
    return {data, data + values.numel()};
}

const auto first = LabelsHolder::create({"a", "b"}, {{0, 1}, {1, 2}, {4, 3}});
const auto second = LabelsHolder::create({"a", "b"}, {{5, 5}, {1, 2}, {0, 0}, {4, 3}});

TEST(LabelsSets, UnionAppendsNewEntries) {
    const auto [labels, from_first, from_second] = first->union_and_mapping(second);
    EXPECT_EQ(*labels, *LabelsHolder::create({"a", "b"}, {{0, 1}, {1, 2}, {4, 3}, {5, 5}, {0, 0}}));
    EXPECT_THAT(list(from_first), ElementsAre(0, 1, 2));
    EXPECT_THAT(list(from_second), ElementsAre(3, 1, 4, 2));
    EXPECT_EQ(*first->set_union(second), *labels);
}

TEST(LabelsSets, IntersectionKeepsTheOrderOfTheSmaller) {
    const auto [labels, from_first, from_second] = first->intersection_and_mapping(second);
    EXPECT_EQ(*labels, *LabelsHolder::create({"a", "b"}, {{1, 2}, {4, 3}}));
    EXPECT_THAT(list(from_first), ElementsAre(-1, 0, 1));
    EXPECT_THAT(list(from_second), ElementsAre(-1, 0, -1, 1));
    EXPECT_EQ(*first->set_intersection(second), *labels);

    const auto smaller = LabelsHolder::create({"a", "b"}, {{4, 3}, {0, 1}});
    const auto [of_smaller, from_larger, from_smaller] = first->intersection_and_mapping(smaller);
    EXPECT_EQ(*of_smaller, *smaller);
    EXPECT_THAT(list(from_larger), ElementsAre(1, -1, 0));
    EXPECT_THAT(list(from_smaller), ElementsAre(0, 1));
}

TEST(LabelsSets, DifferenceKeepsTheOrderOfTheFirst) {
    const auto [labels, from_second] = second->difference_and_mapping(first);
    EXPECT_EQ(*labels, *LabelsHolder::create({"a", "b"}, {{5, 5}, {0, 0}}));
    EXPECT_THAT(list(from_second), ElementsAre(0, -1, 1, -1));
    EXPECT_EQ(*second->set_difference(first), *labels);
}

TEST(LabelsSets, WorksWithEmptyAndEqualSets) {
    const auto empty = LabelsHolder::empty(c10::List<std::string>({"a", "b"}));
    EXPECT_EQ(*first->set_union(empty), *first);
    EXPECT_EQ(*empty->set_union(second), *second);
    EXPECT_EQ(*first->set_intersection(empty), *empty);
    EXPECT_EQ(*first->set_difference(empty), *first);
    EXPECT_EQ(*first->set_union(first), *first);
    EXPECT_EQ(*first->set_intersection(first), *first);
    EXPECT_EQ(*first->set_difference(first), *empty);
}

TEST(LabelsSets, NeedTheSameNames) {
    const auto other = first->permute({1, 0});
    EXPECT_THAT([&] { first->set_union(other); },
                ThrowsMessage<c10::Error>(HasSubstr("same names in the same order, got [a, b] and [b, a]")));
    EXPECT_THAT([&] { first->set_intersection(other); },
                ThrowsMessage<c10::Error>(HasSubstr("the intersection of")));
    EXPECT_THAT([&] { first->set_difference(other); },
                ThrowsMessage<c10::Error>(HasSubstr("the difference of")));
}

TEST(LabelsSelect, FollowsTheSelectionForTheSameNames) {
    EXPECT_THAT(list(first->select(second)), ElementsAre(1, 2));
    EXPECT_THAT(list(second->select(LabelsHolder::create({"a", "b"}, {{4, 3}, {9, 9}, {5, 5}}))),
                ElementsAre(3, 0));
}

TEST(LabelsSelect, IsAscendingForOtherNames) {
    const auto labels = LabelsHolder::create({"a", "b"}, {{2, 0}, {1, 0}, {2, 1}, {3, 0}});
    EXPECT_THAT(list(labels->select(LabelsHolder::create({"a"}, {{3}, {2}}))), ElementsAre(0, 2, 3));
    EXPECT_THAT(list(labels->select(LabelsHolder::create({"b"}, {{0}}))), ElementsAre(0, 1, 3));
    EXPECT_THAT(list(labels->select(LabelsHolder::create({"b", "a"}, {{0, 3}, {0, 2}}))), ElementsAre(0, 3));
    EXPECT_THAT(list(labels->select(LabelsHolder::empty("b"))), IsEmpty());
    EXPECT_THAT(list(labels->select(LabelsHolder::create({}, {}))), ElementsAre(0, 1, 2, 3));
    EXPECT_THAT([&] { labels->select(LabelsHolder::single()); },
                ThrowsMessage<c10::Error>(HasSubstr("contains '_', but these Labels only have [a, b]")));
}

/// Random sets, whose entries come sorted or not, against std::set
class RandomLabelsSets : public ::testing::TestWithParam<std::tuple<bool, bool>> {
  protected:
    using Row = std::vector<int32_t>;

    static std::vector<Row> rows(bool sorted, int seed) {
        std::mt19937 random(seed);
        std::set<Row> unique;
        while (unique.size() < 300) {
            unique.insert({static_cast<int32_t>(random() % 12), static_cast<int32_t>(random() % 12) - 6,
                           static_cast<int32_t>(random() % 12)});
        }
        std::vector<Row> result(unique.begin(), unique.end());
        if (!sorted) {
            std::shuffle(result.begin(), result.end(), random);
        }
        return result;
    }

    static Labels labels(const std::vector<Row>& rows) {
        auto values = torch::empty({static_cast<int64_t>(rows.size()), 3}, torch::kInt);
        for (size_t i = 0; i < rows.size(); ++i) {
            std::copy(rows[i].begin(), rows[i].end(), values.data_ptr<int32_t>() + 3 * i);
        }
        return torch::make_intrusive<LabelsHolder>(std::vector<std::string>{"a", "b", "c"}, values);
    }
};

TEST_P(RandomLabelsSets, AgreeWithSetsOfTheStandardLibrary) {
    const auto [first_sorted, second_sorted] = GetParam();
    const auto first_rows = rows(first_sorted, 1);
    const auto second_rows = rows(second_sorted, 2);
    const std::set<Row> in_first(first_rows.begin(), first_rows.end());
    const std::set<Row> in_second(second_rows.begin(), second_rows.end());

    auto united = first_rows;
    std::vector<Row> common;
    std::vector<Row> only_first;
    for (const auto& row : first_rows) {
        (in_second.count(row) ? common : only_first).push_back(row);
    }
    for (const auto& row : second_rows) {
        if (!in_first.count(row)) {
            united.push_back(row);
        }
    }
    ASSERT_FALSE(common.empty());
    const auto a = labels(first_rows);
    const auto b = labels(second_rows);
    EXPECT_EQ(*a->set_union(b), *labels(united));
    EXPECT_EQ(*a->set_intersection(b), *labels(common));
    EXPECT_EQ(*a->set_difference(b), *labels(only_first));
}

INSTANTIATE_TEST_SUITE_P(Order, RandomLabelsSets, ::testing::Combine(::testing::Bool(), ::testing::Bool()),
                         [](const auto& info) {
                             const auto name = [](bool sorted) { return sorted ? "sorted" : "shuffled"; };
                             return std::string(name(std::get<0>(info.param))) + "_" +
                                    name(std::get<1>(info.param));
                         });

} // namespace

} // namespace metatensor_torch
