// SPDX-License-Identifier: BSD-3-Clause
#include "metatensor/torch/operations/storage.hpp"
#include "operations/detail/each_values.hpp"

namespace metatensor_torch {

namespace {

auto set_requires_grad(bool requires_grad) {
    return [=](const torch::Tensor& values) { return values.detach().requires_grad_(requires_grad); };
}

} // namespace

TensorMap requires_grad(const TensorMap& tensor, bool requires_grad) {
    return details::change_values(tensor, set_requires_grad(requires_grad));
}

TensorBlock requires_grad_block(const TensorBlock& block, bool requires_grad) {
    return details::change_values(block, set_requires_grad(requires_grad));
}

} // namespace metatensor_torch
