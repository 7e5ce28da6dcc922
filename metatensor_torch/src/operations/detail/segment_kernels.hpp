// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <torch/script.h>

#include "operations/detail/row_groups.hpp"

/// Loops on the CPU that read each value once, where a composition of torch's functions passes over the data
/// several times.
namespace metatensor_torch::details {

/// What is computed for the slices of a group
enum class SegmentResult { sum, mean, variance };

/// Whether `reduce_segments_on_cpu` can be used for these values
bool has_segment_kernel(const torch::Tensor& values);

/// Sum, mean or variance (mean of |x - mean|^2) of the slices of `values` along `dim` in each group. The sums
/// of long groups are sums of partial sums, so that rounding errors do not grow with their length; float16
/// and bfloat16 are summed in float32. Without autograd.
torch::Tensor reduce_segments_on_cpu(const torch::Tensor& values, int64_t dim, const RowGroups& groups,
                                     SegmentResult result);

} // namespace metatensor_torch::details
