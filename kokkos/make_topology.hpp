// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "atom_rows.hpp"
#include "execution.hpp"
#include "marshaller.hpp"
#include "pair_topology.hpp"
#include "sort_rows.hpp"
#include "view_array.hpp"

#include <Kokkos_Core.hpp>

#include <limits>
#include <stdexcept>
#include <string>

namespace metatensor_kokkos {

/// The engine's neighbor list in pages, on the host.
struct PagedList {
    const int* const* pages;

    KOKKOS_FUNCTION std::int32_t operator()(std::int32_t atom, std::int32_t k) const {
        return pages[atom][k];
    }
};

/// Whether a half list has the pair from row `first` to the image of row `second` that is `shift` cells away:
/// pairs of different atoms once, as first < second; pairs of an atom with its own image for half of all
/// shifts.
KOKKOS_INLINE_FUNCTION bool in_half_list(std::int32_t first, std::int32_t second,
                                         const std::int32_t (&shift)[3]) {
    if (first != second) return first < second;
    for (const auto cells : shift) {
        if (cells != 0) return cells > 0;
    }
    return false;
}

/// Steps of `make_topology`.
namespace pair_topology {

template <class Space>
using Positions = RowsView<const double, 3, Space>;

/// The number of words for rows of so many candidates.
template <class Space>
std::int64_t count_words(StridedView<const int, 1, Space> centers, StridedView<const int, 1, Space> counts) {
    return count<Space>(
        "PairTopology::count_words", static_cast<std::int64_t>(centers.extent(0)),
        KOKKOS_LAMBDA(std::int64_t row, std::int64_t & sum) {
            sum += (counts(centers(row)) + n_bits - 1) / n_bits;
        });
}

/// A scan rather than atomics: it counts words, and in its final pass writes, each row behind the rows before
/// it.
template <class Space, class List>
struct SelectCandidates {
    ViewIn<const Placement*, Space> placements;
    ViewIn<const float*, Space> depth;
    ViewIn<const std::int32_t*, Space> atom_of_row;
    Positions<Space> positions;
    StridedView<const int, 1, Space> centers;
    StridedView<const int, 1, Space> counts;
    List list;
    std::int32_t index_mask;
    std::int64_t n_owned;
    double reach_squared;
    bool full_list;
    float ghost_center_depth;
    ViewIn<std::int32_t*, Space> used_centers;
    ViewIn<std::int32_t*, Space> begins;
    ViewIn<std::int32_t*, Space> neighbors;

    KOKKOS_FUNCTION void operator()(std::int64_t row, std::int64_t& n_words, bool final) const {
        const auto center = centers(row);
        const bool used = is_center(center);
        const auto begin = n_words * n_bits;
        std::int64_t n = 0;
        if (used) {
            const auto count = counts(center);
            for (std::int32_t k = 0; k < count; ++k) {
                const auto neighbor = list(center, k) & index_mask;
                if (!is_candidate(center, neighbor)) continue;
                if (final) neighbors(begin + n) = neighbor;
                ++n;
            }
        }
        n_words += (n + n_bits - 1) / n_bits;
        if (!final) return;
        for (auto k = begin + n; k < n_words * n_bits; ++k)
            neighbors(k) = -1;
        used_centers(row) = used ? center : -1;
        begins(row + 1) = static_cast<std::int32_t>(n_words);
    }

    KOKKOS_FUNCTION bool is_center(std::int32_t atom) const {
        const auto row = placements(atom).row;
        if (row < 0 || atom_of_row(row) != atom) return false;
        return atom < n_owned || depth(atom) <= ghost_center_depth;
    }

    KOKKOS_FUNCTION bool is_candidate(std::int32_t center, std::int32_t neighbor) const {
        const auto& place = placements(neighbor);
        if (place.row < 0) return false;
        if (!full_list && is_center(atom_of_row(place.row)) &&
            !in_half_list(placements(center).row, place.row, place.shift)) {
            return false; // this pair is in the row of the other center
        }
        double distance_squared = 0;
        for (int k = 0; k < 3; ++k) {
            const double difference = positions(neighbor, k) - positions(center, k);
            distance_squared += difference * difference;
        }
        return distance_squared <= reach_squared;
    }
};

/// An order of atoms that is the same in each run: by position, and so that of images too.
template <class Space>
struct ByPosition {
    Positions<Space> positions;

    /// What comes first in the comparison of two.
    KOKKOS_FUNCTION double key(std::int32_t atom) const { return positions(atom, 0); }

    KOKKOS_FUNCTION bool operator()(std::int32_t a, std::int32_t b) const {
        for (int axis = 0; axis < 3; ++axis) {
            if (positions(a, axis) != positions(b, axis)) return positions(a, axis) < positions(b, axis);
        }
        return a < b;
    }
};

/// An order of candidates: as they stand in their rows, of which the engine's order is that of each run; or
/// by the position of their centers.
template <class Space>
struct ByCenter {
    bool order_varies;
    ByPosition<Space> by_position;
    ViewIn<const std::int32_t*, Space> center_of_word;

    KOKKOS_FUNCTION double key(std::int32_t candidate) const {
        return order_varies ? by_position.key(center_of_word(candidate / n_bits)) : candidate;
    }

    KOKKOS_FUNCTION bool operator()(std::int32_t a, std::int32_t b) const {
        return order_varies ? by_position(center_of_word(a / n_bits), center_of_word(b / n_bits)) : a < b;
    }
};

/// The candidates by second atom, in one order.
template <class Space>
void transpose(PairTopology<Space>& topology, Positions<Space> positions, bool order_varies) {
    using Integers = typename PairTopology<Space>::Integers;
    using Offsets = typename PairTopology<Space>::Offsets;
    const auto n_atoms = static_cast<std::int64_t>(positions.extent(0));
    const auto neighbors = topology.neighbors;
    const auto n_slots = topology.n_words() * n_bits;
    const auto used = Integers("PairTopology::used", n_atoms);
    for_each<Space>(
        "PairTopology::count_transposed", n_slots, KOKKOS_LAMBDA(std::int64_t k) {
            if (neighbors(k) >= 0) Kokkos::atomic_inc(&used(neighbors(k)));
        });
    const auto begins = Offsets("PairTopology::transposed_begins", n_atoms + 1);
    scan<Space>(
        "PairTopology::transposed_begins", n_atoms,
        KOKKOS_LAMBDA(std::int64_t atom, std::int64_t & n, bool final) {
            n += used(atom);
            if (final) begins(atom + 1) = n;
        });

    // Filled from the end in whatever order the threads come, then sorted, so that sums have one order.
    const auto filled = Integers(uninitialised("PairTopology::transposed"), topology.n_candidates);
    for_each<Space>(
        "PairTopology::fill_transposed", n_slots, KOKKOS_LAMBDA(std::int64_t k) {
            const auto atom = neighbors(k);
            if (atom < 0) return;
            const auto place = Kokkos::atomic_fetch_sub(&used(atom), 1) - 1;
            filled(begins(atom) + place) = static_cast<std::int32_t>(k);
        });
    topology.transposed_begins = begins;
    topology.transposed = sort_rows<Space>(
        begins, 1, filled, ByCenter<Space>{order_varies, {positions}, topology.center_of_word});
}

} // namespace pair_topology

/// The candidates of a request in the engine's list.
/// @throws std::length_error for more than 2^31 candidates.
template <class Space, class List>
PairTopology<Space> make_topology(const AtomRows<Space>& rows, RowsView<const double, 3, Space> positions,
                                  StridedView<const int, 1, Space> centers,
                                  StridedView<const int, 1, Space> counts, const List& list,
                                  std::int32_t index_mask, bool order_varies, std::int64_t n_owned,
                                  const PairRequest& request, double skin) {
    using Topology = PairTopology<Space>;
    using Integers = typename Topology::Integers;
    Topology topology;
    topology.cutoff = request.cutoff;
    topology.placements = rows.placements;
    const auto n_rows = static_cast<std::int64_t>(centers.extent(0));
    const auto bound = pair_topology::count_words<Space>(centers, counts);
    if (bound * n_bits > std::numeric_limits<std::int32_t>::max()) {
        throw std::length_error("a rank can not have more than 2^31 pairs of atoms, got " +
                                std::to_string(bound * n_bits) + ": use more ranks");
    }
    topology.centers = Integers(uninitialised("PairTopology::centers"), n_rows);
    topology.begins = Integers("PairTopology::begins", n_rows + 1);
    topology.neighbors = Integers(uninitialised("PairTopology::neighbors"), bound * n_bits);

    const double reach = request.cutoff + skin;
    const auto select =
        pair_topology::SelectCandidates<Space, List>{rows.placements,
                                                     rows.depth,
                                                     rows.atom_of_row,
                                                     positions,
                                                     centers,
                                                     counts,
                                                     list,
                                                     index_mask,
                                                     n_owned,
                                                     reach * reach,
                                                     request.full_list,
                                                     static_cast<float>(request.ghost_center_depth),
                                                     topology.centers,
                                                     topology.begins,
                                                     topology.neighbors};
    const auto n_words = scan_total<Space>("PairTopology::select", n_rows, select);
    if (10 * n_words < 9 * bound) // a short cutoff in a long list
        Kokkos::resize(topology.neighbors, n_words * n_bits);
    if (order_varies) {
        topology.neighbors = sort_rows<Space>(topology.begins, n_bits, topology.neighbors,
                                              pair_topology::ByPosition<Space>{positions});
    }
    topology.center_of_word = Integers(uninitialised("PairTopology::center_of_word"), n_words);
    topology.words = ViewIn<PairWord*, Space>("PairTopology::words", n_words + 1);
    const auto filled = topology;
    for_each<Space>(
        "PairTopology::center_of_word", n_rows, KOKKOS_LAMBDA(std::int64_t row) {
            for (auto word = filled.begins(row); word < filled.begins(row + 1); ++word)
                filled.center_of_word(word) = filled.centers(row);
        });
    topology.n_candidates = count<Space>(
        "PairTopology::count_candidates", n_words * n_bits,
        KOKKOS_LAMBDA(std::int64_t k, std::int64_t & sum) { sum += filled.neighbors(k) >= 0 ? 1 : 0; });
    if constexpr (adds_row_by_row<Space>) {
        topology.pair_neighbors =
            Integers(uninitialised("PairTopology::pair_neighbors"), topology.n_candidates);
    } else {
        pair_topology::transpose(topology, positions, order_varies);
    }
    return topology;
}

} // namespace metatensor_kokkos
