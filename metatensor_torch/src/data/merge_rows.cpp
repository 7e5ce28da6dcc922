// SPDX-License-Identifier: BSD-3-Clause
#include "data/merge_rows.hpp"

#include <algorithm>
#include <numeric>

#include "data/row_keys.hpp"

namespace metatensor_torch::details {

namespace {

/// Order of 0, 1, ..., `count` - 1 by `less`. Natural merge sort: the sets that are merged are mostly sorted,
/// so there are few runs. Equal ones keep their order.
template <typename Less>
std::vector<int64_t> sorted_order(int64_t count, const Less& less) {
    std::vector<int64_t> order(count);
    std::iota(order.begin(), order.end(), 0);
    std::vector<int64_t> run_ends;
    for (int64_t i = 1; i < count; ++i) {
        if (less(i, i - 1)) {
            run_ends.push_back(i);
        }
    }
    run_ends.push_back(count);

    std::vector<int64_t> merged(run_ends.size() > 1 ? count : 0);
    while (run_ends.size() > 1) {
        std::vector<int64_t> merged_ends;
        int64_t start = 0;
        for (size_t run = 0; run < run_ends.size(); run += 2) {
            const auto middle = run_ends[run];
            const auto end = run + 1 < run_ends.size() ? run_ends[run + 1] : middle;
            std::merge(order.begin() + start, order.begin() + middle, order.begin() + middle,
                       order.begin() + end, merged.begin() + start, less);
            merged_ends.push_back(end);
            start = end;
        }
        order.swap(merged);
        run_ends.swap(merged_ends);
    }
    return order;
}

std::vector<int64_t> sorted_order(RowSpan rows) {
    if (const auto packing = RowKeys::of({rows})) {
        const auto keys = packing->pack(rows);
        return sorted_order(rows.count, [&](int64_t a, int64_t b) { return keys[a] < keys[b]; });
    }
    return sorted_order(rows.count,
                        [&](int64_t a, int64_t b) { return compare_rows(rows[a], rows[b], rows.size) < 0; });
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
            if (last == nullptr || !same_row(last, rows[i], rows.size)) {
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
