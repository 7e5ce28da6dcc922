// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "data/label_rows.hpp"

namespace metatensor_torch::details {

/// Several sets of rows as one, without duplicates
struct MergedRows {
    /// int32 [count, size]
    std::vector<int32_t> values;
    int64_t count = 0;
    /// for each row of the input its place in `values`
    std::vector<int64_t> places;
};

/// Unique rows of `rows`, which are several sets one after the other: in lexicographic order if `sort`, else
/// in the order of their first appearance.
MergedRows merge_rows(RowSpan rows, bool sort);

} // namespace metatensor_torch::details
