// SPDX-License-Identifier: BSD-3-Clause
#include "data/merge_rows.hpp"

#include <numeric>

#include "data/sort_rows.hpp"

namespace metatensor_torch::details {

namespace {

/// Places of the rows in lexicographic order; equal ones keep theirs.
std::vector<int64_t> sorted_order(RowSpan rows) {
    for (int64_t i = 1; i < rows.count; ++i) {
        if (compare_rows(rows[i], rows[i - 1], rows.size) < 0) {
            return sorted_places(rows);
        }
    }
    std::vector<int64_t> order(rows.count);
    std::iota(order.begin(), order.end(), 0);
    return order;
}

void append_row(MergedRows& merged, const int32_t* row, int64_t size) {
    merged.values.insert(merged.values.end(), row, row + size);
    ++merged.count;
}

} // namespace

MergedRows merge_rows(RowSpan rows, bool sort) {
    MergedRows merged;
    merged.places.resize(rows.count);
    merged.values.reserve(rows.count * rows.size);
    if (sort) {
        const int32_t* last = nullptr;
        for (const auto i : sorted_order(rows)) {
            if (merged.count == 0 || !same_row(last, rows[i], rows.size)) {
                last = rows[i];
                append_row(merged, last, rows.size);
            }
            merged.places[i] = merged.count - 1;
        }
        return merged;
    }
    const RowIndex index(rows);
    for (int64_t i = 0; i < rows.count; ++i) {
        const auto first = index.find(rows, rows[i]);
        if (first == i) {
            append_row(merged, rows[i], rows.size);
            merged.places[i] = merged.count - 1;
        } else {
            merged.places[i] = merged.places[first];
        }
    }
    return merged;
}

} // namespace metatensor_torch::details
