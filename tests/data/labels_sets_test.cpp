// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <iterator>
#include <map>
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

/// Two sets whose rows have `n_columns` values out of `n_values`, which are `step` apart
struct RandomSets {
    const char* name;
    int64_t n_first;
    int64_t n_second;
    size_t n_columns;
    int64_t n_values;
    int64_t step;
};

/// Random sets, whose entries come sorted or not, against std::set: merged, searched, or found by their hash,
/// with rows of up to 32 bits and of more
class RandomLabelsSets : public ::testing::TestWithParam<std::tuple<bool, bool, RandomSets>> {
  protected:
    using Row = std::vector<int32_t>;

    static std::vector<Row> rows(const RandomSets& sets, int64_t count, bool sorted, int seed) {
        std::mt19937 random(seed);
        std::set<Row> unique;
        while (static_cast<int64_t>(unique.size()) < count) {
            Row row;
            for (size_t j = 0; j < sets.n_columns; ++j) {
                const auto number = static_cast<int64_t>(random()) % sets.n_values - sets.n_values / 2;
                row.push_back(static_cast<int32_t>(number * sets.step));
            }
            unique.insert(row);
        }
        std::vector<Row> result(unique.begin(), unique.end());
        if (!sorted) {
            std::shuffle(result.begin(), result.end(), random);
        }
        return result;
    }

    static Labels labels(const std::vector<Row>& rows, size_t n_columns) {
        auto values =
            torch::empty({static_cast<int64_t>(rows.size()), static_cast<int64_t>(n_columns)}, torch::kInt);
        std::vector<std::string> names;
        for (size_t j = 0; j < n_columns; ++j) {
            names.push_back("d" + std::to_string(j));
        }
        for (size_t i = 0; i < rows.size(); ++i) {
            std::copy(rows[i].begin(), rows[i].end(), values.data_ptr<int32_t>() + n_columns * i);
        }
        return torch::make_intrusive<LabelsHolder>(names, values);
    }

    /// Places of `rows` in `result`, or -1
    static std::vector<int64_t> places(const std::vector<Row>& rows, const std::vector<Row>& result) {
        std::map<Row, int64_t> known;
        for (const auto& row : result) {
            known.emplace(row, static_cast<int64_t>(known.size()));
        }
        std::vector<int64_t> found;
        for (const auto& row : rows) {
            const auto place = known.find(row);
            found.push_back(place == known.end() ? -1 : place->second);
        }
        return found;
    }
};

TEST_P(RandomLabelsSets, AgreeWithSetsOfTheStandardLibrary) {
    const auto& [first_sorted, second_sorted, sets] = GetParam();
    const auto first_rows = rows(sets, sets.n_first, first_sorted, 1);
    const auto second_rows = rows(sets, sets.n_second, second_sorted, 2);
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
    if (second_rows.size() < first_rows.size()) { // the order is that of the smaller set
        common.clear();
        std::copy_if(second_rows.begin(), second_rows.end(), std::back_inserter(common),
                     [&](const Row& row) { return in_first.count(row) != 0; });
    }
    const auto a = labels(first_rows, sets.n_columns);
    const auto b = labels(second_rows, sets.n_columns);
    EXPECT_EQ(*a->set_union(b), *labels(united, sets.n_columns));
    EXPECT_EQ(*a->set_intersection(b), *labels(common, sets.n_columns));
    EXPECT_EQ(*a->set_difference(b), *labels(only_first, sets.n_columns));

    const auto [union_labels, first_in_union, second_in_union] = a->union_and_mapping(b);
    EXPECT_EQ(*union_labels, *labels(united, sets.n_columns));
    EXPECT_EQ(list(first_in_union), places(first_rows, united));
    EXPECT_EQ(list(second_in_union), places(second_rows, united));
    const auto [common_labels, first_in_common, second_in_common] = a->intersection_and_mapping(b);
    EXPECT_EQ(*common_labels, *labels(common, sets.n_columns));
    EXPECT_EQ(list(first_in_common), places(first_rows, common));
    EXPECT_EQ(list(second_in_common), places(second_rows, common));
    const auto [rest, first_in_rest] = a->difference_and_mapping(b);
    EXPECT_EQ(*rest, *labels(only_first, sets.n_columns));
    EXPECT_EQ(list(first_in_rest), places(first_rows, only_first));
}

INSTANTIATE_TEST_SUITE_P(
    Order, RandomLabelsSets,
    ::testing::Combine(::testing::Bool(), ::testing::Bool(),
                       ::testing::Values(RandomSets{"few", 300, 300, 3, 12, 1},
                                         RandomSets{"many", 5000, 4000, 2, 100, 1},
                                         RandomSets{"few_in_many", 5000, 40, 2, 100, 1},
                                         RandomSets{"one_column", 2000, 2000, 1, 4000, 1},
                                         RandomSets{"wide", 3000, 3000, 3, 15, 286'331'153},
                                         RandomSets{"many_columns", 3000, 3000, 6, 4, 1},
                                         RandomSets{"too_wide_to_pack", 3000, 3000, 9, 3, 700'000'000})),
    [](const auto& info) {
        const auto name = [](bool sorted) { return sorted ? "sorted" : "shuffled"; };
        return std::string(std::get<2>(info.param).name) + "_" + name(std::get<0>(info.param)) + "_" +
               name(std::get<1>(info.param));
    });

} // namespace

} // namespace metatensor_torch
