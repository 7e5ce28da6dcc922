// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "atom_rows.hpp"
#include "execution.hpp"
#include "view_array.hpp"

#include <Kokkos_Core.hpp>

#include <cstdint>

namespace metatensor_kokkos {

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

} // namespace metatensor_kokkos
