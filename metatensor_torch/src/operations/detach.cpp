// SPDX-License-Identifier: BSD-3-Clause
#include "metatensor/torch/operations/storage.hpp"
#include "operations/detail/each_values.hpp"

namespace metatensor_torch {

namespace {

torch::Tensor detached(const torch::Tensor& values) { return values.detach(); }

} // namespace

TensorMap detach(const TensorMap& tensor) { return details::change_values(tensor, detached); }

TensorBlock detach_block(const TensorBlock& block) { return details::change_values(block, detached); }

} // namespace metatensor_torch
