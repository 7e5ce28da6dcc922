// SPDX-License-Identifier: BSD-3-Clause
#include "kokkos_environment.hpp"

#include "kokkos/execution.hpp"
#include "kokkos/sort_rows.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

using namespace metatensor_kokkos;

namespace {

const auto* const kokkos = testing::AddGlobalTestEnvironment(new KokkosEnvironment);

using Host = Kokkos::DefaultHostExecutionSpace;

/// Calls `body(lanes)`: `Lanes` as on a GPU, whose teams exist on the host too.
struct TeamLanes {
    template <class Body>
    static void run(const Body& body) {
        using Policy = Kokkos::TeamPolicy<Host>;
        alignas(8) std::array<std::byte, 4096> scratch{};
        Kokkos::parallel_for("test", Policy(1, 1, 1), [&](const Policy::member_type& member) {
            body(Lanes<Policy::member_type>{member, scratch.data(), static_cast<int>(scratch.size())});
        });
    }
};

struct ThreadLanes {
    template <class Body>
    static void run(const Body& body) {
        body(OneLane());
    }
};

template <class Kind>
class RowLanes : public testing::Test {};

using Kinds = testing::Types<ThreadLanes, TeamLanes>;
TYPED_TEST_SUITE(RowLanes, Kinds);

TYPED_TEST(RowLanes, CallForEachIndex) {
    std::vector<int> calls(6, 0);
    TypeParam::run([&](const auto& lanes) { lanes.for_each(2, 5, [&](std::int64_t k) { ++calls[k]; }); });
    EXPECT_EQ(calls, (std::vector<int>{0, 0, 1, 1, 1, 0}));
}

TYPED_TEST(RowLanes, Sum) {
    std::int64_t sum = 0;
    TypeParam::run([&](const auto& lanes) {
        sum = lanes.template sum<std::int64_t>(2, 5,
                                               [](std::int64_t k, std::int64_t& partial) { partial += k; });
    });
    EXPECT_EQ(sum, 2 + 3 + 4);
}

TYPED_TEST(RowLanes, FindBits) {
    Bits some = 0;
    Bits all = 0;
    Bits none = 1;
    TypeParam::run([&](const auto& lanes) {
        some = lanes.find_bits([](int bit) { return bit == 1 || bit == 31; });
        all = lanes.find_bits([](int) { return true; });
        none = lanes.find_bits([](int) { return false; });
    });
    EXPECT_EQ(some, Bits(1) << 1 | Bits(1) << 31);
    EXPECT_EQ(all, ~Bits(0));
    EXPECT_EQ(none, 0U);
}

TYPED_TEST(RowLanes, WriteRowsOfBits) {
    const Kokkos::View<double* [2], Kokkos::LayoutRight, Kokkos::HostSpace> first("first", 5);
    const Kokkos::View<int* [1], Kokkos::LayoutRight, Kokkos::HostSpace> second("second", 5);
    TypeParam::run([&](const auto& lanes) {
        const auto bits = Bits(1) << 3 | Bits(1) << 7 | Bits(1) << 31;
        lanes.write_rows(bits, 1, first, second, [](int bit, double* numbers, int* number) {
            numbers[0] = bit + 0.5;
            numbers[1] = -bit;
            number[0] = 2 * bit;
        });
    });
    EXPECT_EQ(std::vector<double>(first.data(), first.data() + 10),
              (std::vector<double>{0, 0, 3.5, -3, 7.5, -7, 31.5, -31, 0, 0}));
    EXPECT_EQ(std::vector<int>(second.data(), second.data() + 5), (std::vector<int>{0, 6, 14, 62, 0}));
    constexpr int n_bytes = bytes_to_write<std::decay_t<decltype(first)>, std::decay_t<decltype(second)>>;
    EXPECT_EQ(n_bytes, 32 * (2 * 8 + 4));
}

TYPED_TEST(RowLanes, ScratchOfTheBytesThereAre) {
    bool has_any = false;
    bool has_more = true;
    TypeParam::run([&](const auto& lanes) {
        has_any = lanes.find_scratch(4096) != nullptr;
        has_more = lanes.find_scratch(4097) != nullptr;
    });
    EXPECT_EQ(has_any, (std::is_same_v<TypeParam, TeamLanes>));
    EXPECT_FALSE(has_more);
}

TEST(CountBelow, CountsLowerBits) {
    constexpr Bits bits = Bits(1) << 31 | 0b1011;
    EXPECT_EQ(count_below(bits, 0), 0);
    EXPECT_EQ(count_below(bits, 1), 1);
    EXPECT_EQ(count_below(bits, 3), 2);
    EXPECT_EQ(count_below(bits, 31), 3);
}

TYPED_TEST(RowLanes, EmptyRows) {
    std::int64_t sum = -1;
    TypeParam::run([&](const auto& lanes) {
        sum = lanes.template sum<std::int64_t>(3, 3, [](std::int64_t, std::int64_t& partial) { ++partial; });
    });
    EXPECT_EQ(sum, 0);
}

TYPED_TEST(RowLanes, Once) {
    int calls = 0;
    TypeParam::run([&](const auto& lanes) { lanes.once([&] { ++calls; }); });
    EXPECT_EQ(calls, 1);
}

/// Rows of 3 and 2, of which the first has a last element that is none. Keys are tens, so that some are
/// equal.
TYPED_TEST(RowLanes, SortRows) {
    struct ByValue {
        double key(std::int32_t element) const { return element / 10; }
        bool operator()(std::int32_t a, std::int32_t b) const { return a < b; }
    };
    using Integers = Kokkos::View<std::int32_t*, Kokkos::HostSpace>;
    const Integers begins("begins", 3);
    const Integers elements("elements", 20);
    const Integers sorted("sorted", 20);
    begins(1) = 3;
    begins(2) = 5;
    const std::vector<std::int32_t> values = {27, 5,  31, 22, 0,  45, 44, 8, 46, 9,
                                              -1, -1, 3,  90, 17, 12, 1,  2, 80, 70};
    std::copy(values.begin(), values.end(), elements.data());
    const auto sort = SortRows<Host, Integers, ByValue>{begins, 4, elements, sorted, ByValue()};
    TypeParam::run([&](const auto& lanes) {
        for (int row = 0; row < 2; ++row)
            sort(row, lanes);
    });
    EXPECT_EQ(
        std::vector<std::int32_t>(sorted.data(), sorted.data() + 20),
        (std::vector<std::int32_t>{0, 5, 8, 9, 22, 27, 31, 44, 45, 46, -1, -1, 1, 2, 3, 12, 17, 70, 80, 90}));
}

TEST(ForEachRow, CallsForEachRow) {
    std::vector<int> calls(100, 0);
    auto* counts = calls.data();
    for_each_row<Host>("test", 100, [counts](std::int64_t row, const auto&) { ++counts[row]; });
    EXPECT_EQ(calls, std::vector<int>(100, 1));
}

TEST(ForEachChunk, CoversAllIndicesOnce) {
    for (const std::int64_t n : {0, 1, 3, 1000}) {
        std::vector<int> calls(n, 0);
        auto* counts = calls.data();
        for_each_chunk("test", n, [=](std::int64_t, std::int64_t begin, std::int64_t end) {
            for (auto index = begin; index < end; ++index)
                ++counts[index];
        });
        EXPECT_EQ(calls, std::vector<int>(n, 1));
    }
}

} // namespace
