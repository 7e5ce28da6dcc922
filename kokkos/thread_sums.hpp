// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "execution.hpp"
#include "pair_topology.hpp"

#include <Kokkos_Core.hpp>

namespace metatensor_kokkos {

/// Sums over rows of pairs that end at any atom, `n_columns` numbers each. Each of `HostThreads` has its own,
/// and they are added in the order of the threads: so results differ with the number of threads only.
template <int n_columns>
class ThreadSums {
  public:
    /// Starts anew, and calls `add(row, sums)` for the rows that have pairs, where `sums` is a View
    /// `[n_atoms, n_columns]`.
    template <class Add>
    void add_rows(const char* label, const PairTopology<HostThreads>& topology, std::int64_t n_atoms,
                  const Add& add) {
        const auto n_threads = static_cast<std::size_t>(HostThreads::execution_space().concurrency());
        if (sums_.extent(0) != n_threads || sums_.extent(1) != static_cast<std::size_t>(n_atoms))
            sums_ = Sums(uninitialised("ThreadSums"), n_threads, n_atoms);
        const auto sums = sums_;
        const auto n = topology.n_words();
        for_each_chunk(label, n, [=](std::int64_t thread, std::int64_t begin, std::int64_t end) {
            const auto own = Kokkos::subview(sums, thread, Kokkos::ALL, Kokkos::ALL);
            std::fill_n(own.data(), own.size(), 0.0);
            if (begin == end) return;
            // a row is that of the thread that has its last word
            const auto end_row = end == n ? topology.n_rows() : topology.row_of_word(end);
            for (auto row = topology.row_of_word(begin); row < end_row; ++row)
                add(row, own);
        });
    }

    /// Calls `take(atom, sum)` for each atom.
    template <class Take>
    void for_each_atom(const char* label, const Take& take) const {
        const auto sums = sums_;
        for_each<HostThreads>(label, static_cast<std::int64_t>(sums.extent(1)), [=](std::int64_t atom) {
            double total[n_columns] = {};
            for (std::size_t thread = 0; thread < sums.extent(0); ++thread) {
                for (int k = 0; k < n_columns; ++k)
                    total[k] += sums(thread, atom, k);
            }
            take(atom, total);
        });
    }

    std::int64_t bytes() const { return static_cast<std::int64_t>(sums_.size() * sizeof(double)); }

  private:
    using Sums = Kokkos::View<double** [n_columns], Kokkos::LayoutRight, HostThreads::memory_space>;

    Sums sums_;
};

} // namespace metatensor_kokkos
