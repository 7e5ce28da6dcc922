// SPDX-License-Identifier: BSD-3-Clause
#include "operations/detail/flat.hpp"

namespace metatensor_torch::details {

namespace {

void append_values(const BlockData& block, std::vector<torch::Tensor>& values) {
    values.push_back(block.values);
    for (const auto& [parameter, gradient] : block.gradients) {
        append_values(*gradient, values);
    }
}

void append_values_like(const BlockData& block, const BlockData& like, std::vector<torch::Tensor>& values) {
    values.push_back(block.values);
    for (const auto& [parameter, gradient] : like.gradients) {
        append_values_like(*find_gradient(block, parameter), *gradient, values);
    }
}

BlockPtr take_values(const BlockData& like, std::vector<torch::Tensor>::iterator& next) {
    auto block = with_values(like, std::move(*next++));
    for (const auto& [parameter, gradient] : like.gradients) {
        block->gradients.emplace_back(parameter, take_values(*gradient, next));
    }
    return block;
}

} // namespace

std::vector<torch::Tensor> flatten(const Blocks& blocks) {
    std::vector<torch::Tensor> values;
    values.reserve(blocks.size());
    for (const auto& block : blocks) {
        append_values(*block, values);
    }
    return values;
}

std::vector<torch::Tensor> flatten_like(const Blocks& blocks, const std::vector<int64_t>& places,
                                        const Blocks& like) {
    std::vector<torch::Tensor> values;
    values.reserve(like.size());
    for (size_t i = 0; i < like.size(); ++i) {
        append_values_like(*blocks[places[i]], *like[i], values);
    }
    return values;
}

Blocks unflatten(const Blocks& like, std::vector<torch::Tensor> values) {
    Blocks blocks;
    blocks.reserve(like.size());
    auto next = values.begin();
    for (const auto& block : like) {
        blocks.push_back(take_values(*block, next));
    }
    return blocks;
}

} // namespace metatensor_torch::details
