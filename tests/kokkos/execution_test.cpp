// SPDX-License-Identifier: BSD-3-Clause
#include "kokkos_environment.hpp"

#include "kokkos/execution.hpp"

#include <gtest/gtest.h>

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
        Kokkos::parallel_for("test", Policy(1, 1, 1), [&](const Policy::member_type& member) {
            body(Lanes<Policy::member_type>{member});
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

TYPED_TEST(RowLanes, ScanHasTheSumBefore) {
    std::vector<std::int64_t> before(6, -1);
    TypeParam::run([&](const auto& lanes) {
        lanes.scan(2, 5, [&](std::int64_t k, std::int64_t& partial, bool final) {
            if (final) before[k] = partial;
            partial += k;
        });
    });
    EXPECT_EQ(before, (std::vector<std::int64_t>{-1, -1, 0, 2, 5, -1}));
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

TEST(ForEachRow, CallsForEachRow) {
    std::vector<int> calls(100, 0);
    auto* counts = calls.data();
    for_each_row<Host>("test", 100, [counts](std::int64_t row, const auto&) { ++counts[row]; });
    EXPECT_EQ(calls, std::vector<int>(100, 1));
}

} // namespace
