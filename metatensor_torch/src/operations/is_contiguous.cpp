// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "metatensor/torch/operations/storage.hpp"
#include "operations/detail/blocks.hpp"

namespace metatensor_torch {

namespace {

bool all_contiguous(const details::BlockData& block) {
    return block.values.is_contiguous() &&
           std::all_of(block.gradients.begin(), block.gradients.end(),
                       [](const auto& gradient) { return all_contiguous(*gradient.second); });
}

} // namespace

bool is_contiguous(const TensorMap& tensor) {
    return std::all_of(tensor->data().begin(), tensor->data().end(),
                       [](const auto& block) { return all_contiguous(*block); });
}

bool is_contiguous_block(const TensorBlock& block) { return all_contiguous(block->data()); }

} // namespace metatensor_torch
