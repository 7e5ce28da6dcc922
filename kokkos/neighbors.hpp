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

/// Which of `n_bits` consecutive candidates are among the pairs last written, and which pair the first of
/// these is.
struct PairWord {
    Bits bits;
    std::int32_t first;
};

/// The pairs of one request that can come within its cutoff before the engine rebuilds its list, in the
/// engine's indices; and which of them are within the cutoff now.
///
/// These candidates stand in rows by center, and each row in words of `n_bits`: a group of lanes works on a
/// word, as a row has too few of them to hide how slow memory is.
template <class Space>
struct PairTopology {
    using Integers = ViewIn<std::int32_t*, Space>;
    using Offsets = ViewIn<std::int64_t*, Space>;

    double cutoff = 0;
    std::int64_t n_candidates = 0;
    ViewIn<const Placement*, Space> placements;
    /// `[n_rows]`: the atom at the center, -1 for rows without pairs.
    Integers centers;
    /// `[n_rows + 1]`: the first word of each row.
    Integers begins;
    /// `[n_words]`: the atom at the center.
    Integers center_of_word;
    /// `[n_words, n_bits]`: the other atom, or image; -1 behind the last one of a row.
    Integers neighbors;
    /// `[n_words + 1]`
    ViewIn<PairWord*, Space> words;

    /// On the host: `[n_candidates]`, the other atom of the pairs last written.
    Integers pair_neighbors;
    /// On a device: the candidates by second atom, those of atom `a` from `transposed_begins(a)` on.
    Offsets transposed_begins;
    Integers transposed;

    std::int64_t n_rows() const { return static_cast<std::int64_t>(centers.extent(0)); }
    std::int64_t n_words() const { return static_cast<std::int64_t>(center_of_word.extent(0)); }

    std::int64_t bytes() const {
        return static_cast<std::int64_t>(
            sizeof(std::int32_t) * (centers.extent(0) + begins.extent(0) + center_of_word.extent(0) +
                                    neighbors.extent(0) + pair_neighbors.extent(0) + transposed.extent(0)) +
            sizeof(PairWord) * words.extent(0) + sizeof(std::int64_t) * transposed_begins.extent(0));
    }

    /// The first of the pairs of a row, among those last written; for `n_rows`, their number.
    KOKKOS_FUNCTION std::int64_t first_pair(std::int64_t row) const { return words(begins(row)).first; }

    /// Calls `visit(pair, neighbor)` for the pairs of a row that were last written.
    template <class Visit>
    KOKKOS_FUNCTION void for_each_pair(std::int64_t row, const Visit& visit) const {
        auto pair = first_pair(row);
        if constexpr (adds_row_by_row<Space>) {
            for (const auto end = first_pair(row + 1); pair < end; ++pair)
                visit(pair, pair_neighbors(pair));
        } else {
            for (std::int64_t word = begins(row); word < begins(row + 1); ++word) {
                for (auto bits = words(word).bits; bits != 0; bits &= bits - 1)
                    visit(pair++, neighbors(word * n_bits + lowest_bit(bits)));
            }
        }
    }

    /// Which of the pairs last written a candidate is; -1 if it is none.
    KOKKOS_FUNCTION std::int64_t pair_of(std::int32_t candidate) const {
        const auto word = words(candidate / n_bits);
        const auto bit = candidate % n_bits;
        return (word.bits >> bit & 1) != 0 ? word.first + count_below(word.bits, bit) : -1;
    }

    /// The last row that begins with this word, or before.
    KOKKOS_FUNCTION std::int64_t row_of_word(std::int64_t word) const {
        std::int64_t row = 0;
        for (auto end = static_cast<std::int64_t>(centers.extent(0)); row + 1 < end;) {
            const auto middle = (row + end) / 2;
            (begins(middle) <= word ? row : end) = middle;
        }
        return row;
    }
};

/// Steps of `make_topology` and `write_pairs`.
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

/// Sorts the elements >= 0 of each row, from `begins(row) * unit` to `begins(row + 1) * unit`, which stand in
/// front of others, by counting what comes before each: that is quick where the lanes of a GPU do it, for
/// rows as short as those of neighbors.
template <class Space, class Begins, class Before>
struct SortRows {
    Begins begins;
    std::int64_t unit;
    typename PairTopology<Space>::Integers from;
    typename PairTopology<Space>::Integers to;
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
typename PairTopology<Space>::Integers sort_rows(Begins begins, std::int64_t unit,
                                                 typename PairTopology<Space>::Integers elements,
                                                 const Before& before) {
    using Sort = SortRows<Space, Begins, Before>;
    const auto n_rows = static_cast<std::int64_t>(begins.extent(0)) - 1;
    std::int64_t longest = 0;
    if constexpr (!is_on_host<Space>) {
        Kokkos::parallel_reduce(
            "PairTopology::longest_row", Indices<Space>(0, n_rows),
            KOKKOS_LAMBDA(std::int64_t row, std::int64_t & result) {
                result = Kokkos::max(result, (begins(row + 1) - begins(row)) * unit);
            },
            Kokkos::Max<std::int64_t>(longest));
    }
    constexpr std::int64_t most_bytes = 4096; // longer rows are sorted in their places
    const auto n_bytes = (longest * Sort::bytes_of_element + 7) / 8 * 8;
    const auto sorted =
        typename PairTopology<Space>::Integers(uninitialised(elements.label().c_str()), elements.extent(0));
    for_each_row<Space>("PairTopology::sort_rows", n_rows, Sort{begins, unit, elements, sorted, before},
                        static_cast<int>(Kokkos::min(n_bytes, most_bytes)));
    return sorted;
}

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

/// The vector from `origin` to an atom.
template <class Space>
KOKKOS_INLINE_FUNCTION void find_vector(const Positions<Space>& positions, const double (&origin)[3],
                                        std::int32_t atom, double (&vector)[3]) {
    for (int axis = 0; axis < 3; ++axis)
        vector[axis] = positions(atom, axis) - origin[axis];
}

KOKKOS_INLINE_FUNCTION double norm_squared(const double (&vector)[3]) {
    return vector[0] * vector[0] + vector[1] * vector[1] + vector[2] * vector[2];
}

/// The first and second atom of a pair, and its cell shift.
KOKKOS_INLINE_FUNCTION void write_sample(std::int32_t center_row, const Placement& second,
                                         std::int32_t* sample) {
    const auto [row, shift] = second;
    sample[0] = center_row;
    sample[1] = row;
    for (int axis = 0; axis < 3; ++axis)
        sample[2 + axis] = shift[axis];
}

/// One thread: finds and writes the pairs of a row at once. A candidate is always written and stays if it is
/// counted: a branch on the distance would be mispredicted for about every other candidate.
template <class Space, class Scalar>
struct WriteRows {
    PairTopology<Space> topology;
    Positions<Space> positions;
    RowsView<Scalar, 3, Space> vectors;
    RowsView<std::int32_t, 5, Space> samples;

    KOKKOS_FUNCTION void operator()(std::int64_t row, std::int64_t& n, bool /*final*/) const {
        const auto begin = n;
        const std::int64_t first_word = topology.begins(row);
        const auto first = first_word * n_bits;
        auto end = static_cast<std::int64_t>(topology.begins(row + 1)) * n_bits;
        if (first < end) {
            while (topology.neighbors(end - 1) < 0)
                --end;
            const auto center = topology.centers(row);
            const double cutoff_squared = topology.cutoff * topology.cutoff;
            const double origin[3] = {positions(center, 0), positions(center, 1), positions(center, 2)};
            for (auto k = first; k < end; ++k) {
                const auto neighbor = topology.neighbors(k);
                double vector[3];
                find_vector<Space>(positions, origin, neighbor, vector);
                topology.pair_neighbors(n) = neighbor;
                for (int axis = 0; axis < 3; ++axis)
                    vectors(n, axis) = static_cast<Scalar>(vector[axis]);
                n += norm_squared(vector) <= cutoff_squared ? 1 : 0;
            }
            topology.words(first_word).first = static_cast<std::int32_t>(begin);
            const auto center_row = topology.placements(center).row;
            for (auto pair = begin; pair < n; ++pair)
                write_sample(center_row, topology.placements(topology.pair_neighbors(pair)),
                             &samples(pair, 0));
        }
    }
};

/// Several threads: finds the pairs of a word.
template <class Space>
struct FindPairs {
    PairTopology<Space> topology;
    Positions<Space> positions;

    template <class Lanes>
    KOKKOS_FUNCTION void operator()(std::int64_t word, const Lanes& lanes) const {
        const auto center = topology.center_of_word(word);
        const double cutoff_squared = topology.cutoff * topology.cutoff;
        const double origin[3] = {positions(center, 0), positions(center, 1), positions(center, 2)};
        const auto bits = lanes.find_bits([&](int bit) {
            const auto neighbor = topology.neighbors(word * n_bits + bit);
            if (neighbor < 0) return false;
            double vector[3];
            find_vector<Space>(positions, origin, neighbor, vector);
            return norm_squared(vector) <= cutoff_squared;
        });
        lanes.once([&] { topology.words(word).bits = bits; });
    }
};

/// Several threads: writes the pairs of a word that were found.
template <class Space, class Scalar>
struct WritePairs {
    PairTopology<Space> topology;
    Positions<Space> positions;
    RowsView<Scalar, 3, Space> vectors;
    RowsView<std::int32_t, 5, Space> samples;

    template <class Lanes>
    KOKKOS_FUNCTION void operator()(std::int64_t word, const Lanes& lanes) const {
        const auto center = topology.center_of_word(word);
        const auto [bits, first] = topology.words(word);
        const double origin[3] = {positions(center, 0), positions(center, 1), positions(center, 2)};
        const auto center_row = topology.placements(center).row;
        lanes.write_rows(bits, first, vectors, samples, [&](int bit, Scalar* result, std::int32_t* sample) {
            const auto neighbor = topology.neighbors(word * n_bits + bit);
            double vector[3];
            find_vector<Space>(positions, origin, neighbor, vector);
            for (int axis = 0; axis < 3; ++axis)
                result[axis] = static_cast<Scalar>(vector[axis]);
            write_sample(center_row, topology.placements(neighbor), sample);
        });
        if constexpr (adds_row_by_row<Space>) {
            std::int64_t pair = first;
            for (auto left = bits; left != 0; left &= left - 1)
                topology.pair_neighbors(pair++) = topology.neighbors(word * n_bits + lowest_bit(left));
        }
    }
};

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
        topology.neighbors = pair_topology::sort_rows<Space>(topology.begins, n_bits, topology.neighbors,
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
        const auto n_words = topology.n_words();
        const auto words = topology.words;
        const auto sum = Total(total);
        for_each_row<Space>("PairTopology::find_pairs", n_words,
                            pair_topology::FindPairs<Space>{topology, positions});
        scan<Space>(
            "PairTopology::first_pairs", n_words,
            KOKKOS_LAMBDA(std::int64_t word, std::int64_t & n, bool final) {
                if (final) words(word).first = static_cast<std::int32_t>(n);
                n += count_bits(words(word).bits);
                if (!final || word + 1 < n_words) return;
                words(n_words).first = static_cast<std::int32_t>(n);
                sum() = n;
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
        topology.words(topology.n_words()).first = static_cast<std::int32_t>(*total);
    } else {
        using Write = pair_topology::WritePairs<Space, Scalar>;
        constexpr int n_bytes = bytes_to_write<RowsView<Scalar, 3, Space>, RowsView<std::int32_t, 5, Space>>;
        for_each_row<Space>("PairTopology::write_pairs", topology.n_words(),
                            Write{topology, positions, vectors, samples}, n_bytes);
    }
}

} // namespace metatensor_kokkos
