// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <Kokkos_Core.hpp>

#include <cstddef>
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

/// Runs kernels on all threads that Kokkos has on the host. Sums that several threads add to have a copy for
/// each of them, which a GPU with its thousands can not have.
struct HostThreads {
    using memory_space = Kokkos::HostSpace;
    using execution_space = Kokkos::DefaultHostExecutionSpace;
};

template <class Space>
inline constexpr bool is_one_thread = std::is_same_v<Space, CallingThread>;

template <class Space>
inline constexpr bool is_host_threads = std::is_same_v<Space, HostThreads>;

/// Whether a thread adds what belongs to any atom as it comes to it.
template <class Space>
inline constexpr bool adds_row_by_row = is_one_thread<Space> || is_host_threads<Space>;

/// A View in the memory of an execution space, such as `ViewIn<double*, Space>`.
template <class T, class Space>
using ViewIn = Kokkos::View<T, typename Space::memory_space>;

/// A property of a View that is about to be written as a whole.
inline auto uninitialised(const char* label) {
    return Kokkos::view_alloc(std::string(label), Kokkos::WithoutInitializing);
}

template <class Space>
using Indices = Kokkos::RangePolicy<typename Space::execution_space, Kokkos::IndexType<std::int64_t>>;

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

/// Some of at most 32 elements, by their bits.
using Bits = std::uint32_t;
inline constexpr int n_bits = 32;

// Kokkos's own names for these are loops, for constant expressions.
KOKKOS_INLINE_FUNCTION int count_bits(Bits bits) { return Kokkos::Experimental::popcount_builtin(bits); }

/// The number of bits below `bit` in `bits`.
KOKKOS_INLINE_FUNCTION int count_below(Bits bits, int bit) {
    return count_bits(bits & ((Bits(1) << bit) - 1));
}

/// The lowest bit in `bits`, which must have one.
KOKKOS_INLINE_FUNCTION int lowest_bit(Bits bits) { return Kokkos::Experimental::countr_zero_builtin(bits); }

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

    /// The bits with `body(bit)`.
    template <class Body>
    KOKKOS_FUNCTION Bits find_bits(const Body& body) const {
        Bits result = 0;
        for (int bit = 0; bit < n_bits; ++bit)
            result |= static_cast<Bits>(body(bit)) << bit;
        return result;
    }

    /// Writes to two Views of rows, from `row` on one for each of the `bits`: `body(bit, first, second)` sets
    /// the elements of these arrays.
    template <class First, class Second, class Body>
    KOKKOS_FUNCTION void write_rows(Bits bits, std::int64_t row, const First& first, const Second& second,
                                    const Body& body) const {
        for (; bits != 0; bits &= bits - 1, ++row)
            body(lowest_bit(bits), &first(row, 0), &second(row, 0));
    }

    /// Room for `n` bytes that all lanes share; null if there is none.
    KOKKOS_FUNCTION static std::byte* find_scratch(std::int64_t /*n*/) { return nullptr; }

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
    std::byte* scratch;
    int n_scratch_bytes;

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
    KOKKOS_FUNCTION Bits find_bits(const Body& body) const {
#if defined(__CUDA_ARCH__)
        return __ballot_sync(~Bits(0), body(static_cast<int>(threadIdx.x)));
#else
        Bits result = 0;
        Kokkos::parallel_reduce(
            Kokkos::ThreadVectorRange(member, n_bits),
            [&](int bit, Bits& partial) { partial |= static_cast<Bits>(body(bit)) << bit; },
            Kokkos::BOr<Bits>(result));
        return result;
#endif
    }

    /// By way of the scratch memory, `bytes_to_write`, so that lanes that are neighbors write to neighboring
    /// addresses.
    template <class First, class Second, class Body>
    KOKKOS_FUNCTION void write_rows(Bits bits, std::int64_t row, const First& first, const Second& second,
                                    const Body& body) const {
        constexpr auto n_first = static_cast<int>(First::static_extent(1));
        constexpr auto n_second = static_cast<int>(Second::static_extent(1));
        auto* firsts = reinterpret_cast<typename First::value_type*>(scratch);
        auto* seconds = reinterpret_cast<typename Second::value_type*>(firsts + n_bits * n_first);
        Kokkos::parallel_for(Kokkos::ThreadVectorRange(member, n_bits), [&](int bit) {
            const auto k = count_below(bits, bit);
            if ((bits >> bit & 1) != 0) body(bit, firsts + n_first * k, seconds + n_second * k);
        });
        const auto n = count_bits(bits);
        auto* to_first = first.data() + n_first * row;
        Kokkos::parallel_for(Kokkos::ThreadVectorRange(member, n_first * n),
                             [&](int k) { to_first[k] = firsts[k]; });
        auto* to_second = second.data() + n_second * row;
        Kokkos::parallel_for(Kokkos::ThreadVectorRange(member, n_second * n),
                             [&](int k) { to_second[k] = seconds[k]; });
    }

    KOKKOS_FUNCTION std::byte* find_scratch(std::int64_t n) const {
        return n <= n_scratch_bytes ? scratch : nullptr;
    }

    template <class Body>
    KOKKOS_FUNCTION void once(const Body& body) const {
        Kokkos::single(Kokkos::PerThread(member), body);
    }
};

/// The scratch memory that `write_rows` needs for these Views.
template <class First, class Second>
inline constexpr int
    bytes_to_write = n_bits* static_cast<int>(First::static_extent(1) * sizeof(typename First::value_type) +
                                              Second::static_extent(1) * sizeof(typename Second::value_type));

template <class Space>
inline constexpr bool is_on_host =
    Kokkos::SpaceAccessibility<Kokkos::HostSpace, typename Space::memory_space>::accessible;

/// Hands the rows of a list to groups of lanes.
template <class Space, class Body, int n_rows_of_team>
struct RowsOfTeam {
    std::int64_t n_rows;
    int n_scratch_bytes;
    Body body;

    using Member = typename Kokkos::TeamPolicy<Space>::member_type;

    KOKKOS_FUNCTION void operator()(const Member& member) const {
        const auto row =
            static_cast<std::int64_t>(member.league_rank()) * n_rows_of_team + member.team_rank();
        if (row >= n_rows) return;
        auto* scratch = static_cast<std::byte*>(member.thread_scratch(0).get_shmem(n_scratch_bytes));
        body(row, Lanes<Member>{member, scratch, n_scratch_bytes});
    }
};

/// Calls `body(row, lanes)` for each row below `n_rows`, where `lanes` work on it: `OneLane` or `Lanes`. On a
/// device it does not wait for the end.
/// @param n_scratch_bytes the memory that the `Lanes` of a row have in common, a multiple of 8
template <class Space, class Body>
void for_each_row(const char* label, std::int64_t n_rows, const Body& body, int n_scratch_bytes = 0) {
    if constexpr (is_on_host<Space>) {
        for_each<Space>(label, n_rows, [body](std::int64_t row) { body(row, OneLane()); });
    } else if (n_rows > 0) {
        constexpr int n_lanes = 32;
        constexpr int n_rows_of_team = 8;
        const auto n_teams = static_cast<int>((n_rows + n_rows_of_team - 1) / n_rows_of_team);
        Kokkos::parallel_for(label,
                             Kokkos::TeamPolicy<Space>(n_teams, n_rows_of_team, n_lanes)
                                 .set_scratch_size(0, Kokkos::PerThread(n_scratch_bytes)),
                             RowsOfTeam<Space, Body, n_rows_of_team>{n_rows, n_scratch_bytes, body});
    }
}

/// Calls `body(thread, begin, end)` for as many chunks of the indices below `n` as `HostThreads` has threads.
template <class Body>
void for_each_chunk(const char* label, std::int64_t n, const Body& body) {
    using Space = HostThreads::execution_space;
    const std::int64_t n_threads = Space().concurrency();
    Kokkos::parallel_for(
        label,
        Kokkos::RangePolicy<Space, Kokkos::Schedule<Kokkos::Static>>(0, n_threads, Kokkos::ChunkSize(1)),
        [=](std::int64_t thread) { body(thread, n * thread / n_threads, n * (thread + 1) / n_threads); });
}

/// Sets all elements of a View of one axis.
template <class Space, class View, class Value>
void fill(const View& view, Value value) {
    for_each<Space>(
        "fill", static_cast<std::int64_t>(view.extent(0)),
        KOKKOS_LAMBDA(std::int64_t index) { view(index) = value; });
}

} // namespace metatensor_kokkos
