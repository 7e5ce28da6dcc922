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

/// Sets all elements of a View of one axis.
template <class Space, class View, class Value>
void fill(const View& view, Value value) {
    for_each<Space>(
        "fill", static_cast<std::int64_t>(view.extent(0)),
        KOKKOS_LAMBDA(std::int64_t index) { view(index) = value; });
}

} // namespace metatensor_kokkos
