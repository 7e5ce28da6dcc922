// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "metatensor/torch/operations/storage.hpp"
#include "operations/detail/blocks.hpp"

namespace metatensor_torch {

namespace {

using Parameters = std::optional<std::vector<std::string>>;

details::BlockPtr without_gradients(const details::BlockData& block, const Parameters& remove) {
    auto result = details::with_values(block, block.values);
    for (const auto& [parameter, gradient] : block.gradients) {
        if (remove && std::find(remove->begin(), remove->end(), parameter) == remove->end()) {
            result->gradients.emplace_back(parameter, gradient);
        }
    }
    return result;
}

} // namespace

TensorMap remove_gradients(const TensorMap& tensor, const Parameters& remove) {
    return details::map_blocks(tensor, [&](const auto& block) { return without_gradients(block, remove); });
}

TensorBlock remove_gradients_block(const TensorBlock& block, const Parameters& remove) {
    return TensorBlockHolder::own(without_gradients(block->data(), remove));
}

} // namespace metatensor_torch
