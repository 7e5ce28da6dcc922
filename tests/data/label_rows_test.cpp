// SPDX-License-Identifier: BSD-3-Clause
#include "data/label_rows.hpp"

#include <limits>
#include <map>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/row_table.hpp"
#include "data/value_ranges.hpp"

namespace metatensor_torch::details {

namespace {

using ::testing::ElementsAre;

constexpr auto LOWEST = std::numeric_limits<int32_t>::min();
constexpr auto HIGHEST = std::numeric_limits<int32_t>::max();

using Row = std::vector<int32_t>;

/// Rows that own their memory
struct Rows {
    std::vector<int32_t> values;
    int64_t size;

    RowSpan span() const {
        return {values.data(), size == 0 ? 0 : static_cast<int64_t>(values.size()) / size, size};
    }
    Row row(int64_t i) const { return {values.begin() + i * size, values.begin() + (i + 1) * size}; }
};

Rows random_rows(int64_t count, int64_t size, int32_t lowest, int32_t highest, int seed) {
    std::mt19937 random(seed);
    std::uniform_int_distribution<int32_t> value(lowest, highest);
    Rows rows{{}, size};
    for (int64_t i = 0; i < count * size; ++i) {
        rows.values.push_back(value(random));
    }
    return rows;
}

/// Ranges, tables and indices of rows with a number of columns
class RowsOfSize : public ::testing::TestWithParam<int64_t> {};

TEST_P(RowsOfSize, HaveRangesOfTheirColumns) {
    for (const int64_t count : {1, 3, 4, 23}) {
        const auto rows = random_rows(count, GetParam(), -9, 9, static_cast<int>(count));
        const auto ranges = value_ranges(rows.span());
        ASSERT_EQ(ranges.size(), static_cast<size_t>(GetParam()));
        for (int64_t j = 0; j < GetParam(); ++j) {
            auto least = HIGHEST;
            auto greatest = LOWEST;
            for (int64_t i = 0; i < count; ++i) {
                least = std::min(least, rows.span()[i][j]);
                greatest = std::max(greatest, rows.span()[i][j]);
            }
            EXPECT_EQ(ranges[j].least, least);
            EXPECT_EQ(ranges[j].greatest, greatest);
        }
    }
}

// the values of these columns are few enough for a table, or so many that rows are found by their hash
TEST_P(RowsOfSize, AreFoundWhereTheyAreFirst) {
    for (const auto& [lowest, highest] :
         {std::pair(-2, 1), std::pair(-40000, 40000), std::pair(LOWEST, HIGHEST)}) {
        const auto rows = random_rows(200, GetParam(), lowest, highest, 1);
        std::map<Row, int64_t> places;
        std::optional<int64_t> duplicate;
        for (int64_t i = 0; i < 200; ++i) {
            if (!places.emplace(rows.row(i), i).second && !duplicate) {
                duplicate = i;
            }
        }
        const RowIndex index(rows.span(), /*sorted=*/false);
        EXPECT_EQ(index.duplicate(), duplicate);

        auto wanted = random_rows(100, GetParam(), lowest, highest, 2);
        wanted.values.insert(wanted.values.end(), rows.values.begin(), rows.values.end());
        for (const auto outside : {LOWEST, HIGHEST, lowest, highest, lowest - (lowest > LOWEST ? 1 : 0)}) {
            wanted.values.insert(wanted.values.end(), GetParam(), outside);
        }
        const auto span = wanted.span();
        const auto found = index.find_all(rows.span(), span, /*wanted_sorted=*/false);
        for (int64_t k = 0; k < span.count; ++k) {
            const auto place = places.find(wanted.row(k));
            EXPECT_EQ(found[k], place == places.end() ? -1 : place->second);
            EXPECT_EQ(index.find(rows.span(), span[k]), found[k]);
        }
    }
}

TEST_P(RowsOfSize, AreMergedWhereBothAreSorted) {
    for (const auto& [lowest, highest] :
         {std::pair(-2, 2), std::pair(-40000, 40000), std::pair(LOWEST, HIGHEST)}) {
        const auto sorted_rows = [&, low = lowest, high = highest](int seed) {
            const auto rows = random_rows(300, GetParam(), low, high, seed);
            std::map<Row, int64_t> unique;
            for (int64_t i = 0; i < 300; ++i) {
                unique.emplace(rows.row(i), 0);
            }
            Rows sorted{{}, GetParam()};
            for (const auto& [row, place] : unique) {
                sorted.values.insert(sorted.values.end(), row.begin(), row.end());
            }
            return sorted;
        };
        const auto rows = sorted_rows(1);
        auto wanted = sorted_rows(2);
        const RowIndex index(rows.span());
        EXPECT_TRUE(index.sorted());
        for (const auto& both : {wanted, rows}) {
            const auto found = index.find_all(rows.span(), both.span(), /*wanted_sorted=*/true);
            for (int64_t k = 0; k < both.span().count; ++k) {
                EXPECT_EQ(found[k], index.find(rows.span(), both.span()[k]));
            }
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Columns, RowsOfSize, ::testing::Range<int64_t>(1, 10));

TEST(RowTable, IsMadeOfRowsWithFewValuesOnly) {
    const Rows few{{0, 7, 3, 0}, 2}; // 4 x 8 possible rows, 2 x 16 are allowed
    ASSERT_TRUE(RowTable::of(few.span()).has_value());
    EXPECT_EQ(RowTable::of(few.span())->find(few.span()[1]), 1);
    const Rows many{{0, 7, 4, 0}, 2};
    EXPECT_FALSE(RowTable::of(many.span()).has_value());
    const Rows extreme{{LOWEST, LOWEST, LOWEST, HIGHEST, HIGHEST, HIGHEST}, 3};
    EXPECT_FALSE(RowTable::of(extreme.span()).has_value());
}

TEST(RowTable, FindsOnlyTheRowsThatItWasMadeOf) {
    const Rows rows{{HIGHEST, LOWEST, HIGHEST - 1, LOWEST + 1, HIGHEST, LOWEST}, 2};
    const auto table = RowTable::of(rows.span());
    ASSERT_TRUE(table.has_value());
    EXPECT_EQ(table->duplicate(), 2);
    const Rows wanted{{HIGHEST, LOWEST, HIGHEST - 1, LOWEST, LOWEST, HIGHEST, HIGHEST - 1, LOWEST + 1, 0, 0},
                      2};
    std::vector<int64_t> places(wanted.span().count);
    table->find_all(wanted.span(), places.data());
    EXPECT_THAT(places, ElementsAre(0, -1, -1, 1, -1));
}

TEST(RowTable, IsNotLargerThanAHashTableIfItIsLarge) {
    EXPECT_EQ(RowTable::most_entries(10), 160);
    EXPECT_EQ(RowTable::most_entries(1 << 20), 1 << 24);
    EXPECT_EQ(RowTable::most_entries(1 << 23), 1 << 25);
    EXPECT_EQ(RowTable::most_entries(int64_t{1} << 31), int64_t{1} << 31);
}

TEST(RowIndex, FindsNothingWithoutRows) {
    const int32_t row[] = {0, LOWEST};
    for (const int64_t size : {0, 2}) {
        for (const bool sorted : {false, true}) {
            const RowIndex index({nullptr, 0, size}, sorted);
            EXPECT_FALSE(index.duplicate().has_value());
            EXPECT_EQ(index.find({nullptr, 0, size}, row), -1);
            EXPECT_THAT(index.find_all({nullptr, 0, size}, {row, 1, size}, sorted), ElementsAre(-1));
        }
    }
}

TEST(RowTable, HasOneEntryForRowsWithoutColumns) {
    const auto table = RowTable::of({nullptr, 2, 0});
    ASSERT_TRUE(table.has_value());
    EXPECT_EQ(table->find(nullptr), 0);
    EXPECT_EQ(table->duplicate(), 1);
}

} // namespace

} // namespace metatensor_torch::details
