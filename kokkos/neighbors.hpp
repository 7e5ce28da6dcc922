// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "atom_rows.hpp"
#include "execution.hpp"
#include "marshaller.hpp"
#include "view_array.hpp"

#include <Kokkos_Core.hpp>

#include <cstring>
#include <limits>
#include <stdexcept>

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

/// The pairs of one request that can come within its cutoff before the engine rebuilds its list: in rows by
/// center, in the engine's indices; and what is known of those that are within the cutoff now.
template <class Space>
struct PairTopology {
    using Integers = ViewIn<std::int32_t*, Space>;
    using Offsets = ViewIn<std::int64_t*, Space>;

    double cutoff = 0;
    std::int64_t n_candidates = 0;
    ViewIn<const Placement*, Space> placements;
    /// `[n_rows]`: the atom at the center, -1 for rows without pairs.
    Integers centers;
    /// `[n_rows + 1]`: where the candidates of each row begin.
    Offsets begins;
    /// `[n_candidates]`: the other atom, or image.
    Integers neighbors;

    /// `[n_rows + 1]`: where the pairs of each row begin, among those last written.
    Offsets pair_begins;
    /// One thread: `[n_candidates]`, the other atom of the pairs last written.
    Integers pair_neighbors;

    /// Several threads: `[n_candidates]`, which of the pairs last written a candidate is; -1 if it is none.
    Integers pairs;
    /// Several threads: the candidates by second atom, those of atom `a` from `transposed_begins(a)` on.
    Offsets transposed_begins;
    Integers transposed;

    std::int64_t n_rows() const { return static_cast<std::int64_t>(centers.extent(0)); }

    std::int64_t bytes() const {
        return static_cast<std::int64_t>(
            sizeof(std::int32_t) * (centers.extent(0) + neighbors.extent(0) + pair_neighbors.extent(0) +
                                    pairs.extent(0) + transposed.extent(0)) +
            sizeof(std::int64_t) * (begins.extent(0) + pair_begins.extent(0) + transposed_begins.extent(0)));
    }

    /// The row of a candidate.
    KOKKOS_FUNCTION std::int64_t row_of(std::int64_t candidate) const {
        std::int64_t row = 0;
        for (auto end = static_cast<std::int64_t>(begins.extent(0)) - 1; row + 1 < end;) {
            const auto middle = (row + end) / 2;
            (begins(middle) <= candidate ? row : end) = middle;
        }
        return row;
    }
};

/// Steps of `make_topology` and `write_pairs`.
namespace pair_topology {

template <class Space>
using Positions = RowsView<const double, 3, Space>;

template <class Space>
std::int64_t count_entries(StridedView<const int, 1, Space> centers,
                           StridedView<const int, 1, Space> counts) {
    return count<Space>(
        "PairTopology::count_entries", static_cast<std::int64_t>(centers.extent(0)),
        KOKKOS_LAMBDA(std::int64_t row, std::int64_t & sum) { sum += counts(centers(row)); });
}

/// A scan rather than atomics: it counts, and in its final pass writes, each row behind the rows before it.
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
    ViewIn<std::int64_t*, Space> begins;
    ViewIn<std::int32_t*, Space> neighbors;

    KOKKOS_FUNCTION void operator()(std::int64_t row, std::int64_t& n, bool final) const {
        const auto center = centers(row);
        const bool used = is_center(center);
        if (used) {
            const auto count = counts(center);
            for (std::int32_t k = 0; k < count; ++k) {
                const auto neighbor = list(center, k) & index_mask;
                if (!is_candidate(center, neighbor)) continue;
                if (final) neighbors(n) = neighbor;
                ++n;
            }
        }
        if (final) {
            used_centers(row) = used ? center : -1;
            begins(row + 1) = n;
        }
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

    KOKKOS_FUNCTION bool operator()(std::int32_t a, std::int32_t b) const {
        for (int axis = 0; axis < 3; ++axis) {
            if (positions(a, axis) != positions(b, axis)) return positions(a, axis) < positions(b, axis);
        }
        return a < b;
    }
};

/// Sorts each row from `begins(row)` to `begins(row + 1)`, by counting what comes before each element: that
/// is quick where the lanes of a GPU do it, for rows as short as those of neighbors.
template <class Space, class Before>
struct SortRows {
    typename PairTopology<Space>::Offsets begins;
    typename PairTopology<Space>::Integers from;
    typename PairTopology<Space>::Integers to;
    Before before;

    template <class Lanes>
    KOKKOS_FUNCTION void operator()(std::int64_t row, const Lanes& lanes) const {
        const auto begin = begins(row);
        const auto end = begins(row + 1);
        lanes.for_each(begin, end, [&](std::int64_t k) {
            const auto element = from(k);
            std::int64_t place = begin;
            for (auto other = begin; other < end; ++other)
                place += before(from(other), element) ? 1 : 0;
            to(place) = element;
        });
    }
};

/// The elements, which differ, in rows that are sorted by `before`.
template <class Space, class Before>
typename PairTopology<Space>::Integers sort_rows(typename PairTopology<Space>::Offsets begins,
                                                 typename PairTopology<Space>::Integers elements,
                                                 const Before& before) {
    const auto sorted =
        typename PairTopology<Space>::Integers(uninitialised(elements.label().c_str()), elements.extent(0));
    for_each_row<Space>("PairTopology::sort_rows", static_cast<std::int64_t>(begins.extent(0)) - 1,
                        SortRows<Space, Before>{begins, elements, sorted, before});
    return sorted;
}

/// An order of candidates: as they stand in their rows, of which the engine's order is that of each run; or
/// by the position of their centers.
template <class Space>
struct ByCenter {
    bool order_varies;
    ByPosition<Space> by_position;
    ViewIn<const std::int32_t*, Space> center_of_candidate;

    KOKKOS_FUNCTION bool operator()(std::int32_t a, std::int32_t b) const {
        return order_varies ? by_position(center_of_candidate(a), center_of_candidate(b)) : a < b;
    }
};

/// The candidates by second atom, in one order.
template <class Space>
void transpose(PairTopology<Space>& topology, Positions<Space> positions, bool order_varies) {
    using Integers = typename PairTopology<Space>::Integers;
    using Offsets = typename PairTopology<Space>::Offsets;
    const auto n_candidates = topology.n_candidates;
    if (n_candidates > std::numeric_limits<std::int32_t>::max()) {
        throw std::length_error("a rank can not have more than 2^31 pairs of atoms, got " +
                                std::to_string(n_candidates) + ": use more ranks");
    }
    const auto n_atoms = static_cast<std::int64_t>(positions.extent(0));
    const auto begins = topology.begins;
    const auto neighbors = topology.neighbors;
    const auto used = Integers("PairTopology::used", n_atoms);
    for_each<Space>(
        "PairTopology::count_transposed", n_candidates,
        KOKKOS_LAMBDA(std::int64_t k) { Kokkos::atomic_inc(&used(neighbors(k))); });
    const auto transposed_begins = Offsets("PairTopology::transposed_begins", n_atoms + 1);
    scan<Space>(
        "PairTopology::transposed_begins", n_atoms,
        KOKKOS_LAMBDA(std::int64_t atom, std::int64_t & n, bool final) {
            n += used(atom);
            if (final) transposed_begins(atom + 1) = n;
        });

    // Filled from the end in whatever order the threads come, then sorted, so that sums have one order.
    const auto centers = topology.centers;
    const auto center_of_candidate =
        Integers(uninitialised("PairTopology::center_of_candidate"), n_candidates);
    const auto filled = Integers(uninitialised("PairTopology::transposed"), n_candidates);
    for_each<Space>(
        "PairTopology::fill_transposed", topology.n_rows(), KOKKOS_LAMBDA(std::int64_t row) {
            for (auto k = begins(row); k < begins(row + 1); ++k) {
                const auto atom = neighbors(k);
                const auto place = Kokkos::atomic_fetch_sub(&used(atom), 1) - 1;
                filled(transposed_begins(atom) + place) = static_cast<std::int32_t>(k);
                center_of_candidate(k) = centers(row);
            }
        });
    topology.transposed_begins = transposed_begins;
    topology.transposed = sort_rows<Space>(transposed_begins, filled,
                                           ByCenter<Space>{order_varies, {positions}, center_of_candidate});
    topology.pairs = Integers(uninitialised("PairTopology::pairs"), n_candidates);
}

/// Writes the pairs of a row at once. A candidate is always written and stays if it is counted: a branch on
/// the distance would be mispredicted for about every other candidate.
template <class Space, class Scalar>
struct WriteRows {
    PairTopology<Space> topology;
    Positions<Space> positions;
    RowsView<Scalar, 3, Space> vectors;
    RowsView<std::int32_t, 5, Space> samples;

    void operator()(std::int64_t row, std::int64_t& n, bool /*final*/) const {
        const auto center = topology.centers(row);
        if (center >= 0) {
            const auto begin = n;
            const double cutoff_squared = topology.cutoff * topology.cutoff;
            const double origin[3] = {positions(center, 0), positions(center, 1), positions(center, 2)};
            for (auto k = topology.begins(row); k < topology.begins(row + 1); ++k) {
                const auto neighbor = topology.neighbors(k);
                const double vector[3] = {positions(neighbor, 0) - origin[0],
                                          positions(neighbor, 1) - origin[1],
                                          positions(neighbor, 2) - origin[2]};
                topology.pair_neighbors(n) = neighbor;
                for (int axis = 0; axis < 3; ++axis)
                    vectors(n, axis) = static_cast<Scalar>(vector[axis]);
                const double distance_squared =
                    vector[0] * vector[0] + vector[1] * vector[1] + vector[2] * vector[2];
                n += distance_squared <= cutoff_squared ? 1 : 0;
            }
            write_samples(topology.placements(center).row, begin, n);
        }
        topology.pair_begins(row + 1) = n;
    }

    void write_samples(std::int32_t center_row, std::int64_t begin, std::int64_t end) const {
        for (auto pair = begin; pair < end; ++pair) {
            samples(pair, 0) = center_row;
            // second atom and cell shift at once
            static_assert(sizeof(Placement) == 4 * sizeof(std::int32_t));
            std::memcpy(&samples(pair, 1), &topology.placements(topology.pair_neighbors(pair)),
                        sizeof(Placement));
        }
    }
};

/// Whether a candidate is within the cutoff, and its vector.
template <class Space>
struct Vectors {
    PairTopology<Space> topology;
    Positions<Space> positions;

    KOKKOS_FUNCTION bool find(std::int64_t candidate, std::int32_t center, double (&vector)[3]) const {
        const auto neighbor = topology.neighbors(candidate);
        double distance_squared = 0;
        for (int axis = 0; axis < 3; ++axis) {
            vector[axis] = positions(neighbor, axis) - positions(center, axis);
            distance_squared += vector[axis] * vector[axis];
        }
        return distance_squared <= topology.cutoff * topology.cutoff;
    }
};

/// The number of pairs in each row, to where their end will be.
template <class Space>
struct CountPairs {
    Vectors<Space> vectors;

    template <class Lanes>
    KOKKOS_FUNCTION void operator()(std::int64_t row, const Lanes& lanes) const {
        const auto& topology = vectors.topology;
        const auto center = topology.centers(row); // or -1, and no candidates
        const auto n = lanes.template sum<std::int64_t>(
            topology.begins(row), topology.begins(row + 1), [&](std::int64_t candidate, std::int64_t& sum) {
                double vector[3];
                sum += vectors.find(candidate, center, vector) ? 1 : 0;
            });
        lanes.once([&] { topology.pair_begins(row + 1) = n; });
    }
};

/// Several threads: writes the pairs of rows whose places are known.
template <class Space, class Scalar>
struct WritePairs {
    Vectors<Space> find;
    RowsView<Scalar, 3, Space> vectors;
    RowsView<std::int32_t, 5, Space> samples;

    template <class Lanes>
    KOKKOS_FUNCTION void operator()(std::int64_t row, const Lanes& lanes) const {
        const auto& topology = find.topology;
        const auto center = topology.centers(row);
        if (center < 0) return;
        const auto first = topology.pair_begins(row);
        const auto center_row = topology.placements(center).row;
        lanes.scan(topology.begins(row), topology.begins(row + 1),
                   [&](std::int64_t candidate, std::int64_t& n, bool final) {
                       double vector[3];
                       const bool is_pair = find.find(candidate, center, vector);
                       if (final) {
                           topology.pairs(candidate) = is_pair ? static_cast<std::int32_t>(first + n) : -1;
                           if (is_pair) write(first + n, center_row, topology.neighbors(candidate), vector);
                       }
                       n += is_pair ? 1 : 0;
                   });
    }

    KOKKOS_FUNCTION void write(std::int64_t pair, std::int32_t center_row, std::int32_t neighbor,
                               const double (&vector)[3]) const {
        const auto place = find.topology.placements(neighbor);
        samples(pair, 0) = center_row;
        samples(pair, 1) = place.row;
        for (int axis = 0; axis < 3; ++axis) {
            samples(pair, 2 + axis) = place.shift[axis];
            vectors(pair, axis) = static_cast<Scalar>(vector[axis]);
        }
    }
};

} // namespace pair_topology

/// The candidates of a request in the engine's list.
/// @throws std::length_error with several threads, for more than 2^31 candidates.
template <class Space, class List>
PairTopology<Space> make_topology(const AtomRows<Space>& rows, RowsView<const double, 3, Space> positions,
                                  StridedView<const int, 1, Space> centers,
                                  StridedView<const int, 1, Space> counts, const List& list,
                                  std::int32_t index_mask, bool order_varies, std::int64_t n_owned,
                                  const PairRequest& request, double skin) {
    using Topology = PairTopology<Space>;
    Topology topology;
    topology.cutoff = request.cutoff;
    topology.placements = rows.placements;
    const auto n_rows = static_cast<std::int64_t>(centers.extent(0));
    const auto bound = pair_topology::count_entries<Space>(centers, counts);
    topology.centers = typename Topology::Integers(uninitialised("PairTopology::centers"), n_rows);
    topology.begins = typename Topology::Offsets("PairTopology::begins", n_rows + 1);
    topology.neighbors = typename Topology::Integers(uninitialised("PairTopology::neighbors"), bound);

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
    topology.n_candidates = scan_total<Space>("PairTopology::select", n_rows, select);
    if (10 * topology.n_candidates < 9 * bound) // a short cutoff in a long list
        Kokkos::resize(topology.neighbors, topology.n_candidates);
    if (order_varies) {
        topology.neighbors = pair_topology::sort_rows<Space>(topology.begins, topology.neighbors,
                                                             pair_topology::ByPosition<Space>{positions});
    }
    topology.pair_begins = typename Topology::Offsets("PairTopology::pair_begins", n_rows + 1);
    if constexpr (is_one_thread<Space>) {
        topology.pair_neighbors =
            typename Topology::Integers(uninitialised("PairTopology::pair_neighbors"), topology.n_candidates);
    } else {
        pair_topology::transpose(topology, positions, order_varies);
    }
    return topology;
}

/// Room for the pairs of a request, see `Marshaller::room_for_pairs`, to `total`. On a device it does not
/// wait for the end.
template <class Space>
void find_room(const PairTopology<Space>& topology, RowsView<const double, 3, Space> positions,
               std::int64_t* total) {
    if constexpr (is_one_thread<Space>) {
        *total = topology.n_candidates;
    } else {
        using Total =
            Kokkos::View<std::int64_t, typename Space::memory_space, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;
        const auto n_rows = topology.n_rows();
        const auto ends = topology.pair_begins;
        const auto sum = Total(total);
        for_each_row<Space>("PairTopology::count_pairs", n_rows,
                            pair_topology::CountPairs<Space>{{topology, positions}});
        scan<Space>(
            "PairTopology::pair_begins", n_rows,
            KOKKOS_LAMBDA(std::int64_t row, std::int64_t & n, bool final) {
                n += ends(row + 1);
                if (!final) return;
                ends(row + 1) = n;
                if (row + 1 == n_rows) sum() = n;
            });
    }
}

/// Writes the pairs within the cutoff, see `Marshaller::write_pairs`. On a device it does not wait for the
/// end.
/// @param total their number: one thread writes it, several have found it before
template <class Space, class Scalar>
void write_pairs(const PairTopology<Space>& topology, RowsView<const double, 3, Space> positions,
                 RowsView<Scalar, 3, Space> vectors, RowsView<std::int32_t, 5, Space> samples,
                 std::int64_t* total) {
    if constexpr (is_one_thread<Space>) {
        const auto write = pair_topology::WriteRows<Space, Scalar>{topology, positions, vectors, samples};
        *total = scan_total<Space>("PairTopology::write_rows", topology.n_rows(), write);
    } else {
        for_each_row<Space>(
            "PairTopology::write_pairs", topology.n_rows(),
            pair_topology::WritePairs<Space, Scalar>{{topology, positions}, vectors, samples});
    }
}

} // namespace metatensor_kokkos
