// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "data/label_rows.hpp"

namespace metatensor_torch::details {

/// Least and greatest one of some values
struct ValueRange {
    int32_t least = std::numeric_limits<int32_t>::max();
    int32_t greatest = std::numeric_limits<int32_t>::min();

    void include(int32_t value) {
        least = std::min(least, value);
        greatest = std::max(greatest, value);
    }
};

/// The range of each column; without rows, the least is above the greatest.
std::vector<ValueRange> value_ranges(RowSpan rows);

} // namespace metatensor_torch::details
