// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "data/host_array.hpp"
#include "data/label_rows.hpp"

namespace metatensor_torch::details {

/// Finds rows in a table that has an entry for each row that could be made of values between the least and
/// the greatest one of each column: a look-up is one access, and no branch depends on what is found.
class RowTable {
  public:
    /// Table of `rows`, which must be less than 2^32; none if it had more entries than `most_entries`. Where
    /// a row occurs several times, the first is found.
    static std::optional<RowTable> of(RowSpan rows);

    /// Place of the row with these values, -1 if there is none
    int64_t find(const int32_t* row) const;
    /// The same for each row of `wanted`, written to `places` [wanted.count]
    void find_all(RowSpan wanted, int64_t* places) const;

    /// First row that is the same as an earlier one
    const std::optional<int64_t>& duplicate() const { return duplicate_; }

    /// A table of 4 bytes an entry is quick while it may be in a cache, else where it takes no more than a
    /// hash table.
    static int64_t most_entries(int64_t n_rows);

  private:
    /// Rows whose entries are fetched together, to wait for memory only once
    static constexpr int64_t BATCH = 32;

    struct Column {
        uint32_t least;
        /// greatest value less `least`
        uint32_t extent;
        /// entries between values that differ by one
        uint32_t stride;
    };

    RowTable(std::vector<Column> columns, uint32_t n_entries);
    void fill(RowSpan rows);
    template <typename Size>
    uint32_t entry_of(const int32_t* row, Size size) const;
    template <typename Size, typename Visit>
    void for_each_entry(RowSpan rows, Size size, const Visit& visit) const;

    std::vector<Column> columns_;
    /// One more than the place of the row, 0 where there is none. Behind the end is one such entry, for all
    /// other rows.
    HostArray<uint32_t> places_;
    uint32_t n_entries_;
    std::optional<int64_t> duplicate_;
};

} // namespace metatensor_torch::details
