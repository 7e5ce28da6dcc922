// SPDX-License-Identifier: BSD-3-Clause
#include "metatensor/torch/operations/creation.hpp"
#include "operations/detail/new_values.hpp"

namespace metatensor_torch {

namespace {

torch::Tensor zeros(c10::IntArrayRef shape, const torch::TensorOptions& options) {
    return at::zeros(shape, options);
}

} // namespace

TensorMap zeros_like(const TensorMap& tensor, const torch::IValue& gradients, bool requires_grad) {
    return details::with_new_values(tensor, {"zeros_like", zeros, gradients, requires_grad});
}

TensorBlock zeros_like_block(const TensorBlock& block, const torch::IValue& gradients, bool requires_grad) {
    return details::with_new_values(block, {"zeros_like_block", zeros, gradients, requires_grad});
}

} // namespace metatensor_torch
