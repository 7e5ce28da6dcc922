// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <torch/script.h>

namespace metatensor_torch::details {

/// Whether forward-mode differentiation carries a derivative along with `tensor`
inline bool has_tangent(const torch::Tensor& tensor) { return tensor._fw_grad(/*level=*/0).defined(); }

/// Whether autograd follows what is done with `tensor`, backward or forward: not so in loops over its memory
inline bool is_differentiated(const torch::Tensor& tensor) {
    return (tensor.requires_grad() && c10::GradMode::is_enabled()) || has_tangent(tensor);
}

} // namespace metatensor_torch::details
