// SPDX-License-Identifier: BSD-3-Clause
#include "metatensor/torch/operations/creation.hpp"
#include "operations/detail/new_values.hpp"

namespace metatensor_torch {

namespace {

torch::Tensor random_numbers(c10::IntArrayRef shape, const torch::TensorOptions& options) {
    return at::rand(shape, options);
}

} // namespace

TensorMap random_uniform_like(const TensorMap& tensor, const torch::IValue& gradients, bool requires_grad) {
    return details::with_new_values(tensor,
                                    {"random_uniform_like", random_numbers, gradients, requires_grad});
}

TensorBlock random_uniform_like_block(const TensorBlock& block, const torch::IValue& gradients,
                                      bool requires_grad) {
    return details::with_new_values(block,
                                    {"random_uniform_like_block", random_numbers, gradients, requires_grad});
}

} // namespace metatensor_torch
