// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include <torch/script.h>

/// Rows of integers where they are, int32 [n, size] on any device: the same questions as in label_rows.hpp,
/// answered with tensor operations alone. Nothing waits for the device, except where the size of the result,
/// or the result itself, is a number that the host has to know: once then.
namespace metatensor_torch::details {

/// Rows in lexicographic order, where the same rows are one after the other
struct SortedRows {
    /// which row is there, int64 [n]; of the same rows, the first comes first
    torch::Tensor order;
    /// whether the row differs from the one before, bool [n]
    torch::Tensor is_first;

    /// for each row, in the order before sorting, its number among the different ones: int64 [n]
    torch::Tensor ranks() const;
};
SortedRows sort_rows(const torch::Tensor& rows);

/// A row that is the same as another one, int32 [size] on the host, if there is one. Waits once.
std::optional<torch::Tensor> duplicate_row(const torch::Tensor& rows);

/// Place of the first row that is the same as `row` [size]. Waits once.
std::optional<int64_t> find_row(const torch::Tensor& rows, const torch::Tensor& row);

/// For each row of `wanted` the first place of the same row in `rows` or -1, int64 [n_wanted]. Both have the
/// same number of columns.
torch::Tensor find_rows(const torch::Tensor& rows, const torch::Tensor& wanted);

/// Rows, and where those of the operands went
struct MappedRows {
    torch::Tensor rows;
    /// for each row of the first operand its place in `rows` or -1, int64
    torch::Tensor from_first;
    /// for each row of the second operand its place in `rows` or -1, int64
    torch::Tensor from_second;
};

/// Rows of `first`, then those of `second` that are not in it. Waits once.
MappedRows unite_rows(const torch::Tensor& first, const torch::Tensor& second);
/// Rows of `first` that are in `second` too. Waits once.
MappedRows intersect_rows(const torch::Tensor& first, const torch::Tensor& second);
/// Rows of `first` that are not in `second`; `from_second` is undefined. Waits once.
MappedRows subtract_rows(const torch::Tensor& first, const torch::Tensor& second);

/// Rows without duplicates, in lexicographic order if `sort`, else in the order of their first appearance,
/// and for each given row its place there, int64 [n]. Waits once.
std::tuple<torch::Tensor, torch::Tensor> unique_rows(const torch::Tensor& rows, bool sort);

} // namespace metatensor_torch::details
