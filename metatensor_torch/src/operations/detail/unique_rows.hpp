// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "operations/detail/change_labels.hpp"

/// Unique rows of columns of labels
namespace metatensor_torch::details {

/// Columns of one set of labels
struct ColumnSet {
    std::vector<Column> columns;
    int64_t count;
};

/// Unique rows of several sets of columns in lexicographic order, int32 [n_unique, n_columns]
torch::Tensor unique_rows(const std::vector<ColumnSet>& sets, int64_t n_columns);

} // namespace metatensor_torch::details
