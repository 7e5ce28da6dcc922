// SPDX-License-Identifier: BSD-3-Clause
#include "kokkos_environment.hpp"

#include "kokkos/tag_table.hpp"

#include <cstdint>
#include <map>
#include <random>

using Table = metatensor_kokkos::TagTable<metatensor_kokkos::CallingThread>;

namespace {

const auto* const kokkos = testing::AddGlobalTestEnvironment(new KokkosEnvironment);

TEST(TagTable, KeepsTheSmallestValueOfEachTag) {
    const Table table(4);
    table.offer(7, 30);
    table.offer(5, 40);
    table.offer(7, 10);
    table.offer(7, 20);
    EXPECT_EQ(table.find(7), 10U);
    EXPECT_EQ(table.find(5), 40U);
    EXPECT_EQ(table.find(6), Table::nothing);
}

TEST(TagTable, WithoutTagsHasNothing) { EXPECT_EQ(Table(0).find(1), Table::nothing); }

/// As many tags as there is room for, so that many meet on their way to a place.
TEST(TagTable, FindsAllTagsWhenItIsFull) {
    std::mt19937_64 random(3);
    std::map<std::int64_t, std::uint64_t> expected;
    constexpr int n_tags = 5000;
    const Table table(n_tags);
    while (expected.size() < n_tags) {
        const auto tag = static_cast<std::int64_t>(random() >> 2) + 1; // also beyond 32 bits
        const auto value = random() >> 1;
        table.offer(tag, value);
        expected.emplace(tag, value);
    }
    for (const auto& [tag, value] : expected)
        EXPECT_EQ(table.find(tag), value);
}

} // namespace
