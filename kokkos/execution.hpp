// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <Kokkos_Core.hpp>

#include <cstdint>
#include <string>
#include <type_traits>

namespace metatensor_kokkos {

/// Runs kernels on the thread that calls, for memory on the host: what `Kokkos::Serial` does, in each build
/// of Kokkos, and without the copies and orders that several threads need.
struct CallingThread {
    using memory_space = Kokkos::HostSpace;
    using execution_space = Kokkos::DefaultHostExecutionSpace;
};

template <class Space>
inline constexpr bool is_one_thread = std::is_same_v<Space, CallingThread>;

/// A View in the memory of an execution space, such as `ViewIn<double*, Space>`.
template <class T, class Space>
using ViewIn = Kokkos::View<T, typename Space::memory_space>;

/// A property of a View that is about to be written as a whole.
inline auto uninitialised(const char* label) {
    return Kokkos::view_alloc(std::string(label), Kokkos::WithoutInitializing);
}

template <class Space>
using Indices = Kokkos::RangePolicy<Space, Kokkos::IndexType<std::int64_t>>;

/// Calls `body(index)` for each index below `n`. On a device it does not wait for the end.
template <class Space, class Body>
void for_each(const char* label, std::int64_t n, const Body& body) {
    if constexpr (is_one_thread<Space>) {
        for (std::int64_t index = 0; index < n; ++index)
            body(index);
    } else if (n > 0) {
        Kokkos::parallel_for(label, Indices<Space>(0, n), body);
    }
}

/// Calls `body(index, sum, true)` for each index below `n`, where `sum` is what the calls for smaller indices
/// have added to it; several threads call `body(index, sum, false)` before, to know their sums. On a device
/// it does not wait for the end.
template <class Space, class Body>
void scan(const char* label, std::int64_t n, const Body& body) {
    if constexpr (is_one_thread<Space>) {
        std::int64_t sum = 0;
        for (std::int64_t index = 0; index < n; ++index)
            body(index, sum, true);
    } else if (n > 0) {
        Kokkos::parallel_scan(label, Indices<Space>(0, n), body);
    }
}

/// Like `scan`, and returns the whole sum.
template <class Space, class Body>
std::int64_t scan_total(const char* label, std::int64_t n, const Body& body) {
    std::int64_t total = 0;
    if constexpr (is_one_thread<Space>) {
        for (std::int64_t index = 0; index < n; ++index)
            body(index, total, true);
    } else if (n > 0) {
        Kokkos::parallel_scan(label, Indices<Space>(0, n), body, total);
    }
    return total;
}

/// Sum of what `body(index, sum)` adds to `sum` for all indices below `n`.
template <class Space, class Body>
std::int64_t count(const char* label, std::int64_t n, const Body& body) {
    std::int64_t total = 0;
    if constexpr (is_one_thread<Space>) {
        for (std::int64_t index = 0; index < n; ++index)
            body(index, total);
    } else if (n > 0) {
        Kokkos::parallel_reduce(label, Indices<Space>(0, n), body, total);
    }
    return total;
}

/// What works on one row of a list, on the host: one thread.
struct OneLane {
    /// Calls `body(index)`.
    template <class Body>
    KOKKOS_FUNCTION void for_each(std::int64_t begin, std::int64_t end, const Body& body) const {
        for (auto index = begin; index < end; ++index)
            body(index);
    }

    /// Sum of what `body(index, sum)` adds to `sum`.
    template <class Sum, class Body>
    KOKKOS_FUNCTION Sum sum(std::int64_t begin, std::int64_t end, const Body& body) const {
        Sum result{};
        for (auto index = begin; index < end; ++index)
            body(index, result);
        return result;
    }

    /// Calls `body(index, sum, final)` as `scan` does.
    template <class Body>
    KOKKOS_FUNCTION void scan(std::int64_t begin, std::int64_t end, const Body& body) const {
        std::int64_t sum = 0;
        for (auto index = begin; index < end; ++index)
            body(index, sum, true);
    }

    /// Calls `body()` once for the row.
    template <class Body>
    KOKKOS_FUNCTION void once(const Body& body) const {
        body();
    }
};

/// What works on one row of a list, on a GPU: the lanes of a warp, side by side. As `OneLane`; sums are taken
/// in an order that depends on the length of the row only.
template <class Member>
struct Lanes {
    const Member& member;

    template <class Body>
    KOKKOS_FUNCTION void for_each(std::int64_t begin, std::int64_t end, const Body& body) const {
        Kokkos::parallel_for(Kokkos::ThreadVectorRange(member, begin, end), body);
    }

    template <class Sum, class Body>
    KOKKOS_FUNCTION Sum sum(std::int64_t begin, std::int64_t end, const Body& body) const {
        Sum result{};
        Kokkos::parallel_reduce(Kokkos::ThreadVectorRange(member, begin, end), body, result);
        return result;
    }

    template <class Body>
    KOKKOS_FUNCTION void scan(std::int64_t begin, std::int64_t end, const Body& body) const {
        // from 0 on: on CUDA, the scan of Kokkos 4.5 ignores where a range begins
        Kokkos::parallel_scan(
            Kokkos::ThreadVectorRange(member, end - begin),
            [&](std::int64_t index, std::int64_t& sum, bool final) { body(begin + index, sum, final); });
    }

    template <class Body>
    KOKKOS_FUNCTION void once(const Body& body) const {
        Kokkos::single(Kokkos::PerThread(member), body);
    }
};

template <class Space>
inline constexpr bool is_on_host =
    Kokkos::SpaceAccessibility<Kokkos::HostSpace, typename Space::memory_space>::accessible;

/// Hands the rows of a list to groups of lanes.
template <class Space, class Body, int n_rows_of_team>
struct RowsOfTeam {
    std::int64_t n_rows;
    Body body;

    using Member = typename Kokkos::TeamPolicy<Space>::member_type;

    KOKKOS_FUNCTION void operator()(const Member& member) const {
        const auto row =
            static_cast<std::int64_t>(member.league_rank()) * n_rows_of_team + member.team_rank();
        if (row < n_rows) body(row, Lanes<Member>{member});
    }
};

/// Calls `body(row, lanes)` for each row below `n_rows`, where `lanes` work on it: `OneLane` or `Lanes`. On a
/// device it does not wait for the end.
template <class Space, class Body>
void for_each_row(const char* label, std::int64_t n_rows, const Body& body) {
    if constexpr (is_on_host<Space>) {
        for_each<Space>(label, n_rows, [body](std::int64_t row) { body(row, OneLane()); });
    } else if (n_rows > 0) {
        constexpr int n_lanes = 32;
        constexpr int n_rows_of_team = 8;
        const auto n_teams = static_cast<int>((n_rows + n_rows_of_team - 1) / n_rows_of_team);
        Kokkos::parallel_for(label, Kokkos::TeamPolicy<Space>(n_teams, n_rows_of_team, n_lanes),
                             RowsOfTeam<Space, Body, n_rows_of_team>{n_rows, body});
    }
}

/// Sets all elements of a View of one axis.
template <class Space, class View, class Value>
void fill(const View& view, Value value) {
    for_each<Space>(
        "fill", static_cast<std::int64_t>(view.extent(0)),
        KOKKOS_LAMBDA(std::int64_t index) { view(index) = value; });
}

} // namespace metatensor_kokkos
