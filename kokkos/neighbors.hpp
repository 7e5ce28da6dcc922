// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "atom_rows.hpp"
#include "marshaller.hpp"
#include "view_array.hpp"

#include <Kokkos_Core.hpp>

#include <cstring>

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

/// The pairs within the cutoff, in rows by center, in the engine's indices.
template <class Space>
struct PairRows {
    /// `[n_rows]`: the atom at the center, -1 for rows without pairs.
    Kokkos::View<const std::int32_t*, Space> centers;
    /// `[n_rows + 1]`: where the pairs of each row begin.
    Kokkos::View<const std::int64_t*, Space> begins;
    /// `[n_pairs]`: the other atom, or image.
    Kokkos::View<const std::int32_t*, Space> neighbors;
};

/// The pairs of one request that can come within its cutoff before the engine rebuilds its list.
template <class Space>
class PairTopology {
  public:
    using Positions = RowsView<const double, 3, Space>;

    template <class List>
    PairTopology(const AtomRows<Space>& rows, Positions positions, StridedView<const int, 1, Space> centers,
                 StridedView<const int, 1, Space> counts, const List& list, std::int32_t index_mask,
                 std::int64_t n_owned, const PairRequest& request, double skin)
        : placements_(rows.placements), cutoff_(request.cutoff) {
        const auto n_centers = static_cast<std::int64_t>(centers.extent(0));
        const auto bound = count_entries(centers, counts);
        centers_ = Integers(uninitialised("PairTopology::centers"), n_centers);
        begins_ = Offsets("PairTopology::begins", n_centers + 1);
        neighbors_ = Integers(uninitialised("PairTopology::neighbors"), bound);

        const double reach = request.cutoff + skin;
        const auto select = SelectCandidates<List>{rows.placements,
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
                                                   centers_,
                                                   begins_,
                                                   neighbors_};
        Kokkos::parallel_scan("PairTopology::select", Policy(0, n_centers), select, n_candidates_);
        if (n_candidates_ < bound / 2)
            Kokkos::resize(neighbors_, n_candidates_); // a short cutoff in a long list
        pair_begins_ = Offsets("PairTopology::pair_begins", n_centers + 1);
        pair_neighbors_ = Integers(uninitialised("PairTopology::pair_neighbors"), n_candidates_);
    }

    std::int64_t n_candidates() const { return n_candidates_; }

    /// Writes the pairs within the cutoff, see `Marshaller::write_pairs`.
    template <class Scalar>
    std::int64_t write_pairs(Positions positions, RowsView<Scalar, 3, Space> vectors,
                             RowsView<std::int32_t, 5, Space> samples) {
        const auto write =
            WritePairs<Scalar>{placements_,       positions,    centers_,        begins_, neighbors_,
                               cutoff_ * cutoff_, pair_begins_, pair_neighbors_, vectors, samples};
        std::int64_t n_pairs = 0;
        Kokkos::parallel_scan("PairTopology::write_pairs", Policy(0, centers_.extent(0)), write, n_pairs);
        return n_pairs;
    }

    /// The pairs last written, in the same order.
    PairRows<Space> pairs() const { return {centers_, pair_begins_, pair_neighbors_}; }

  private:
    using Policy = Kokkos::RangePolicy<Space, Kokkos::IndexType<std::int64_t>>;
    using Integers = Kokkos::View<std::int32_t*, Space>;
    using Offsets = Kokkos::View<std::int64_t*, Space>;

    static auto uninitialised(const char* label) {
        return Kokkos::view_alloc(std::string(label), Kokkos::WithoutInitializing);
    }

    static std::int64_t count_entries(StridedView<const int, 1, Space> centers,
                                      StridedView<const int, 1, Space> counts) {
        std::int64_t total = 0;
        Kokkos::parallel_reduce(
            "PairTopology::count_entries", Policy(0, centers.extent(0)),
            KOKKOS_LAMBDA(std::int64_t row, std::int64_t & sum) { sum += counts(centers(row)); }, total);
        return total;
    }

    // A scan rather than atomics: it counts, and in its final pass writes, each row behind the rows before
    // it.
    template <class List>
    struct SelectCandidates {
        Kokkos::View<const Placement*, Space> placements;
        Kokkos::View<const float*, Space> depth;
        Kokkos::View<const std::int32_t*, Space> atom_of_row;
        Positions positions;
        StridedView<const int, 1, Space> centers;
        StridedView<const int, 1, Space> counts;
        List list;
        std::int32_t index_mask;
        std::int64_t n_owned;
        double reach_squared;
        bool full_list;
        float ghost_center_depth;
        Integers used_centers;
        Offsets begins;
        Integers neighbors;

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

    template <class Scalar>
    struct WritePairs {
        Kokkos::View<const Placement*, Space> placements;
        Positions positions;
        Kokkos::View<const std::int32_t*, Space> centers;
        Kokkos::View<const std::int64_t*, Space> begins;
        Kokkos::View<const std::int32_t*, Space> neighbors;
        double cutoff_squared;
        Offsets pair_begins;
        Integers pair_neighbors;
        RowsView<Scalar, 3, Space> vectors;
        RowsView<std::int32_t, 5, Space> samples;

        // With one thread, a candidate is always written and stays if it is counted: a branch on the distance
        // would be mispredicted for about every other candidate. With several, the place behind the pairs of
        // a row belongs to another row.
        static constexpr bool writes_all = std::is_same_v<Space, Kokkos::Serial>;

        KOKKOS_FUNCTION void operator()(std::int64_t row, std::int64_t& n, bool final) const {
            const auto center = centers(row);
            if (center >= 0) {
                const auto begin = n;
                const double origin[3] = {positions(center, 0), positions(center, 1), positions(center, 2)};
                for (auto k = begins(row); k < begins(row + 1); ++k) {
                    const auto neighbor = neighbors(k);
                    const double vector[3] = {positions(neighbor, 0) - origin[0],
                                              positions(neighbor, 1) - origin[1],
                                              positions(neighbor, 2) - origin[2]};
                    const bool is_pair =
                        vector[0] * vector[0] + vector[1] * vector[1] + vector[2] * vector[2] <=
                        cutoff_squared;
                    if (final && (writes_all || is_pair)) {
                        pair_neighbors(n) = neighbor;
                        for (int axis = 0; axis < 3; ++axis)
                            vectors(n, axis) = static_cast<Scalar>(vector[axis]);
                    }
                    n += is_pair ? 1 : 0;
                }
                if (final) write_samples(placements(center).row, begin, n);
            }
            if (final) pair_begins(row + 1) = n;
        }

        KOKKOS_FUNCTION void write_samples(std::int32_t center_row, std::int64_t begin,
                                           std::int64_t end) const {
            for (auto pair = begin; pair < end; ++pair) {
                samples(pair, 0) = center_row;
                // second atom and cell shift at once
                static_assert(sizeof(Placement) == 4 * sizeof(std::int32_t));
                std::memcpy(&samples(pair, 1), &placements(pair_neighbors(pair)), sizeof(Placement));
            }
        }
    };

    Kokkos::View<const Placement*, Space> placements_;
    double cutoff_;
    Integers centers_;
    Offsets begins_;
    Integers neighbors_;
    std::int64_t n_candidates_ = 0;

    // of the pairs last written
    Offsets pair_begins_;
    Integers pair_neighbors_;
};

} // namespace metatensor_kokkos
