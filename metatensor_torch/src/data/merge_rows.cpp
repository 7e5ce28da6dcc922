// SPDX-License-Identifier: BSD-3-Clause
#include "data/merge_rows.hpp"

#include <algorithm>
#include <numeric>

namespace metatensor_torch::details {

namespace {

/// Natural merge sort: the sets that are merged are mostly sorted, so there are few runs.
std::vector<int64_t> sorted_order(RowSpan rows) {
    std::vector<int64_t> order(rows.count);
    std::iota(order.begin(), order.end(), 0);
    std::vector<int64_t> run_ends;
    for (int64_t i = 1; i < rows.count; ++i) {
        if (compare_rows(rows[i - 1], rows[i], rows.size) > 0) {
            run_ends.push_back(i);
        }
    }
    run_ends.push_back(rows.count);

    const auto less = [&](int64_t a, int64_t b) { return compare_rows(rows[a], rows[b], rows.size) < 0; };
    std::vector<int64_t> merged(order.size());
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
