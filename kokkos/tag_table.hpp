// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "execution.hpp"

#include <Kokkos_Core.hpp>

#include <cstdint>

namespace metatensor_kokkos {

/// A hash table from tags (> 0) to the smallest of the values that were offered for each tag.
///
/// Insertions and look-ups may run in parallel, but not both at once; as only the minimum is kept, the result
/// does not depend on the order of insertions.
template <class Space>
class TagTable {
  public:
    static constexpr std::uint64_t nothing = ~std::uint64_t(0);

    /// An empty table for at most `n_tags` tags.
    explicit TagTable(std::int64_t n_tags)
        : capacity_(capacity_for(n_tags)),
          tags_("TagTable::tags", capacity_),
          values_(uninitialised("TagTable::values"), capacity_) {
        fill<Space>(values_, nothing);
    }

    KOKKOS_FUNCTION void offer(std::int64_t tag, std::uint64_t value) const {
        for (std::uint64_t slot = hash(tag) & (capacity_ - 1);; slot = (slot + 1) & (capacity_ - 1)) {
            const auto found = Kokkos::atomic_compare_exchange(&tags_(slot), std::int64_t(0), tag);
            if (found == 0 || found == tag) {
                Kokkos::atomic_min(&values_(slot), value);
                return;
            }
        }
    }

    /// The smallest value of a tag, or `nothing`.
    KOKKOS_FUNCTION std::uint64_t find(std::int64_t tag) const {
        for (std::uint64_t slot = hash(tag) & (capacity_ - 1);; slot = (slot + 1) & (capacity_ - 1)) {
            if (tags_(slot) == tag) return values_(slot);
            if (tags_(slot) == 0) return nothing;
        }
    }

  private:
    // A power of two that leaves at least half of the slots free, so that probing ends soon.
    static std::uint64_t capacity_for(std::int64_t n_tags) {
        std::uint64_t capacity = 16;
        while (capacity < 2 * static_cast<std::uint64_t>(n_tags))
            capacity *= 2;
        return capacity;
    }

    // The finaliser of splitmix64: tags are often consecutive, their hashes must not be.
    KOKKOS_FUNCTION static std::uint64_t hash(std::int64_t tag) {
        auto bits = static_cast<std::uint64_t>(tag);
        bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9ULL;
        bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebULL;
        return bits ^ (bits >> 31);
    }

    std::uint64_t capacity_;
    ViewIn<std::int64_t*, Space> tags_;
    ViewIn<std::uint64_t*, Space> values_;
};

} // namespace metatensor_kokkos
