// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include <torch/script.h>

/// Tensors whose elements only moved: by loops over memory where these may stand for calls of torch (see
/// `is_plain_memory`), which cost more than the work itself for small tensors.
namespace metatensor_torch::details {

/// The entries of `values` at these places along the axis `dim`. `index` has the same places, int64 on the
/// device of the values.
torch::Tensor gather(const torch::Tensor& values, int64_t dim, c10::IntArrayRef places,
                     const torch::Tensor& index);

/// The same for values that are plain memory
torch::Tensor gather_on_host(const torch::Tensor& values, int64_t dim, c10::IntArrayRef places);

/// At least one tensor, one after the other along the axis `dim`
torch::Tensor concatenate(const std::vector<torch::Tensor>& tensors, int64_t dim);

} // namespace metatensor_torch::details
