// SPDX-License-Identifier: BSD-3-Clause
#include "data/row_table.hpp"

#include <algorithm>
#include <utility>

#include "data/value_ranges.hpp"

namespace metatensor_torch::details {

int64_t RowTable::most_entries(int64_t n_rows) {
    constexpr int64_t IN_CACHE = int64_t{1} << 24;
    constexpr int64_t MOST = int64_t{1} << 31;
    return std::min(std::max(std::min(16 * n_rows, IN_CACHE), 4 * n_rows), MOST);
}

std::optional<RowTable> RowTable::of(RowSpan rows) {
    const auto most = most_entries(rows.count);
    const auto ranges = value_ranges(rows);
    std::vector<Column> columns(rows.size);
    int64_t n_entries = 1;
    for (auto j = rows.size - 1; j >= 0; --j) {
        const auto least = static_cast<uint32_t>(ranges[j].least);
        const auto extent = static_cast<uint32_t>(ranges[j].greatest) - least;
        columns[j] = {least, extent, static_cast<uint32_t>(n_entries)};
        if (int64_t{extent} + 1 > most / n_entries) {
            return std::nullopt;
        }
        n_entries *= int64_t{extent} + 1;
    }
    auto table = RowTable(std::move(columns), static_cast<uint32_t>(n_entries));
    table.fill(rows);
    return table;
}

RowTable::RowTable(std::vector<Column> columns, uint32_t n_entries)
    : columns_(std::move(columns)),
      places_(make_array<uint32_t>(int64_t{n_entries} + 1)),
      n_entries_(n_entries) {
    std::fill_n(places_.get(), int64_t{n_entries} + 1, 0);
}

void RowTable::fill(RowSpan rows) {
    with_row_size(rows.size, [&](auto size) {
        for_each_entry(rows, size, [&](int64_t i, uint32_t entry) {
            if (entry == n_entries_) {
                return; // somebody has changed the row meanwhile
            }
            auto& place = places_[entry];
            if (place == 0) {
                place = static_cast<uint32_t>(i + 1);
            } else if (!duplicate_) {
                duplicate_ = i;
            }
        });
    });
}

/// Entry of a row: `n_entries_` if it can not be in the table
template <typename Size>
uint32_t RowTable::entry_of(const int32_t* row, Size size) const {
    uint32_t entry = 0;
    uint32_t is_outside = 0;
    for (int64_t j = 0; j < size; ++j) {
        const auto& column = columns_[j];
        const auto value = static_cast<uint32_t>(row[j]) - column.least;
        is_outside |= static_cast<uint32_t>(value > column.extent);
        entry += value * column.stride;
    }
    return is_outside != 0 ? n_entries_ : entry;
}

/// Calls `visit(number, entry)` for all rows; what it will read of the table is fetched before.
template <typename Size, typename Visit>
void RowTable::for_each_entry(RowSpan rows, Size size, const Visit& visit) const {
    uint32_t entries[BATCH];
    for (int64_t start = 0; start < rows.count; start += BATCH) {
        const auto n = std::min(BATCH, rows.count - start);
        for (int64_t i = 0; i < n; ++i) {
            entries[i] = entry_of(rows.data + (start + i) * size, size);
            __builtin_prefetch(&places_[entries[i]], 1);
        }
        for (int64_t i = 0; i < n; ++i) {
            visit(start + i, entries[i]);
        }
    }
}

int64_t RowTable::find(const int32_t* row) const {
    return int64_t{places_[entry_of(row, static_cast<int64_t>(columns_.size()))]} - 1;
}

void RowTable::find_all(RowSpan wanted, int64_t* places) const {
    with_row_size(wanted.size, [&](auto size) {
        for_each_entry(wanted, size,
                       [&](int64_t k, uint32_t entry) { places[k] = int64_t{places_[entry]} - 1; });
    });
}

} // namespace metatensor_torch::details
