// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "execution.hpp"
#include "view_array.hpp"

#include <Kokkos_Core.hpp>

#include <cstdint>

namespace metatensor_kokkos {

/// Sorts the elements >= 0 of each row, from `begins(row) * unit` to `begins(row + 1) * unit`, which stand in
/// front of others, by counting what comes before each: that is quick where the lanes of a GPU do it, for
/// rows as short as those of neighbors.
template <class Space, class Begins, class Before>
struct SortRows {
    Begins begins;
    std::int64_t unit;
    ViewIn<std::int32_t*, Space> from;
    ViewIn<std::int32_t*, Space> to;
    Before before;

    static constexpr std::int64_t bytes_of_element = sizeof(double) + sizeof(std::int32_t);

    template <class Lanes>
    KOKKOS_FUNCTION void operator()(std::int64_t row, const Lanes& lanes) const {
        const std::int64_t begin = begins(row) * unit;
        const auto n = static_cast<std::int64_t>(begins(row + 1)) * unit - begin;
        if (auto* scratch = lanes.find_scratch(n * bytes_of_element)) {
            auto* keys = reinterpret_cast<double*>(scratch);
            auto* elements = reinterpret_cast<std::int32_t*>(keys + n);
            lanes.for_each(0, n, [&](std::int64_t k) {
                elements[k] = from(begin + k);
                keys[k] = key(elements[k]);
            });
            sort(
                lanes, begin, static_cast<int>(n), [=](int k) { return elements[k]; },
                [=](int k) { return keys[k]; });
        } else {
            sort(
                lanes, begin, n, [&](std::int64_t k) { return from(begin + k); },
                [&](std::int64_t k) { return key(from(begin + k)); });
        }
    }

    KOKKOS_FUNCTION double key(std::int32_t element) const {
        return element >= 0 ? before.key(element) : Kokkos::Experimental::infinity_v<double>;
    }

    template <class Lanes, class Index, class Element, class Key>
    KOKKOS_FUNCTION void sort(const Lanes& lanes, std::int64_t begin, Index n, const Element& element_at,
                              const Key& key_at) const {
        lanes.for_each(0, n, [&](std::int64_t k) {
            const auto element = element_at(static_cast<Index>(k));
            auto place = static_cast<Index>(k);
            if (element >= 0) {
                const auto own = key_at(place);
                place = 0;
                Index n_equal = 0; // with the element itself
                for (Index other = 0; other < n; ++other) {
                    const auto key = key_at(other);
                    place += key < own ? 1 : 0;
                    n_equal += key == own ? 1 : 0;
                }
                for (Index other = 0; n_equal > 1 && other < n; ++other)
                    place += key_at(other) == own && before(element_at(other), element) ? 1 : 0;
            }
            to(begin + place) = element;
        });
    }
};

/// The elements, which differ, in rows that are sorted by `before`.
template <class Space, class Begins, class Before>
ViewIn<std::int32_t*, Space> sort_rows(Begins begins, std::int64_t unit,
                                       ViewIn<std::int32_t*, Space> elements, const Before& before) {
    using Sort = SortRows<Space, Begins, Before>;
    const auto n_rows = static_cast<std::int64_t>(begins.extent(0)) - 1;
    std::int64_t longest = 0;
    if constexpr (!is_on_host<Space>) {
        Kokkos::parallel_reduce(
            "Marshaller::longest_row", Indices<Space>(0, n_rows),
            KOKKOS_LAMBDA(std::int64_t row, std::int64_t & result) {
                result = Kokkos::max(result, (begins(row + 1) - begins(row)) * unit);
            },
            Kokkos::Max<std::int64_t>(longest));
    }
    constexpr std::int64_t most_bytes = 4096; // longer rows are sorted in their places
    const auto n_bytes = (longest * Sort::bytes_of_element + 7) / 8 * 8;
    const auto sorted =
        ViewIn<std::int32_t*, Space>(uninitialised(elements.label().c_str()), elements.extent(0));
    for_each_row<Space>("Marshaller::sort_rows", n_rows, Sort{begins, unit, elements, sorted, before},
                        static_cast<int>(Kokkos::min(n_bytes, most_bytes)));
    return sorted;
}

} // namespace metatensor_kokkos
