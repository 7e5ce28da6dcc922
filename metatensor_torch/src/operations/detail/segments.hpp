// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <torch/script.h>

#include "operations/detail/row_groups.hpp"

/// Sums, means and variances over groups of the slices of a tensor along its first (`dim` 0) or last (-1)
/// axis. Derivatives of any order; the same result in every run on every device: no atomic additions.
namespace metatensor_torch::details {

/// Sum of the slices of each group
torch::Tensor sum_segments(const torch::Tensor& values, int64_t dim, const RowGroupsPtr& groups);

/// Mean of the slices of each group; floating point, of torch's default type if the values are integers
torch::Tensor mean_segments(const torch::Tensor& values, int64_t dim, const RowGroupsPtr& groups);

/// Mean of |x - mean|^2 over the slices x of each group, in two passes; types as of the mean
torch::Tensor variance_segments(const torch::Tensor& values, int64_t dim, const RowGroupsPtr& groups);

/// Square root of a variance, with the derivative 0 instead of infinity where it is 0
torch::Tensor root_of_variance(const torch::Tensor& variance);

/// For each slice its group's slice of `values`: the transpose of `sum_segments`
torch::Tensor spread_segments(const torch::Tensor& values, int64_t dim, const RowGroupsPtr& groups);

/// `tensor` [n] in the shape [1, ..., n, ..., 1] of a factor for `values` along `dim`, on their device and of
/// their type (real for complex ones, float32 for float16 and bfloat16)
torch::Tensor factor_along(const torch::Tensor& tensor, const torch::Tensor& values, int64_t dim);

} // namespace metatensor_torch::details
