// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "operations/detail/blocks.hpp"

/// What operations share that do the same to the values of blocks and of gradients
namespace metatensor_torch::details {

/// Block with the labels of `block` and the values that `change(values)` makes, of gradients too
template <typename Change>
BlockPtr change_values(const BlockData& block, const Change& change) {
    auto result = with_values(block, change(block.values));
    result->gradients.reserve(block.gradients.size());
    for (const auto& [parameter, gradient] : block.gradients) {
        result->gradients.emplace_back(parameter, change_values(*gradient, change));
    }
    return result;
}

/// The same for all blocks of a map; `info` is kept.
template <typename Change>
TensorMap change_values(const TensorMap& tensor, const Change& change) {
    return map_blocks(tensor, [&](const BlockData& block) { return change_values(block, change); });
}

/// The same for a block
template <typename Change>
TensorBlock change_values(const TensorBlock& block, const Change& change) {
    return TensorBlockHolder::own(change_values(block->data(), change));
}

} // namespace metatensor_torch::details
