// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

#include <torch/script.h>

namespace metatensor_torch::details {

/// Where a tensor goes in a larger one with other numbers of rows (first axis) and columns (last axis): its
/// value [i, ..., j] to [rows[rows_begin + i], ..., columns[j]]
struct PartOfWhole {
    /// int64 [n], on the host or on the device of the values, where several parts may have theirs one after
    /// the other; undefined for `first_row`, `first_row` + 1, ...
    torch::Tensor rows;
    int64_t rows_begin = 0;
    int64_t first_row = 0;
    /// int64 [n_columns], on the host; undefined for `first_column`, `first_column` + 1, ...
    torch::Tensor columns;
    int64_t first_column = 0;
};

/// Tensor of the given shape with `values[k]` at `parts[k]`, and `fill_value` elsewhere. No two parts have an
/// element in common. Differentiable with respect to the values, twice and more often; nothing is copied
/// twice.
torch::Tensor assemble(const std::vector<torch::Tensor>& values, std::vector<PartOfWhole> parts,
                       std::vector<int64_t> shape, const torch::Scalar& fill_value);

} // namespace metatensor_torch::details
