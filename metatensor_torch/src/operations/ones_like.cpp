// SPDX-License-Identifier: BSD-3-Clause
#include "metatensor/torch/operations/creation.hpp"
#include "operations/detail/new_values.hpp"

namespace metatensor_torch {

namespace {

torch::Tensor ones(c10::IntArrayRef shape, const torch::TensorOptions& options) {
    return at::ones(shape, options);
}

} // namespace

TensorMap ones_like(const TensorMap& tensor, const torch::IValue& gradients, bool requires_grad) {
    return details::with_new_values(tensor, {"ones_like", ones, gradients, requires_grad});
}

TensorBlock ones_like_block(const TensorBlock& block, const torch::IValue& gradients, bool requires_grad) {
    return details::with_new_values(block, {"ones_like_block", ones, gradients, requires_grad});
}

} // namespace metatensor_torch
