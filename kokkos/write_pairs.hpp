// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "atom_rows.hpp"
#include "execution.hpp"
#include "pair_topology.hpp"
#include "view_array.hpp"

#include <Kokkos_Core.hpp>

namespace metatensor_kokkos {

/// Steps of `find_room` and `write_pairs`.
namespace pair_topology {

/// The vector from `origin` to an atom.
template <class Space>
KOKKOS_INLINE_FUNCTION void find_vector(const RowsView<const double, 3, Space>& positions,
                                        const double (&origin)[3], std::int32_t atom, double (&vector)[3]) {
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
    RowsView<const double, 3, Space> positions;
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
    RowsView<const double, 3, Space> positions;

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
    RowsView<const double, 3, Space> positions;
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
