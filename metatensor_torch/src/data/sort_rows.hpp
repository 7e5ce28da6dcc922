// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "data/label_rows.hpp"

namespace metatensor_torch::details {

/// Places of the rows in lexicographic order of their values; equal rows stay in their order.
///
/// Radix sort: linear in the number of rows, with as many passes as the ranges of the values need, one or two
/// for usual labels.
std::vector<int64_t> sorted_places(RowSpan rows);

} // namespace metatensor_torch::details
