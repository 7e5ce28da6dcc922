// SPDX-License-Identifier: BSD-3-Clause
#include "metatensor/torch/operations/storage.hpp"
#include "operations/detail/each_values.hpp"

namespace metatensor_torch {

namespace {

torch::Tensor contiguous(const torch::Tensor& values) { return values.contiguous(); }

} // namespace

TensorMap make_contiguous(const TensorMap& tensor) { return details::change_values(tensor, contiguous); }

TensorBlock make_contiguous_block(const TensorBlock& block) {
    return details::change_values(block, contiguous);
}

} // namespace metatensor_torch
