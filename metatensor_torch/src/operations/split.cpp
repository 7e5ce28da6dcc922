// SPDX-License-Identifier: BSD-3-Clause
#include "metatensor/torch/operations/selections.hpp"
#include "operations/detail/blocks.hpp"
#include "operations/detail/slices.hpp"

namespace metatensor_torch {

namespace {

std::vector<torch::IValue> elements_of(const char* operation, const torch::IValue& selections) {
    TORCH_CHECK_TYPE(selections.isList(), "`selections` of '", operation, "' must be a list, got ",
                     selections.type()->repr_str());
    return selections.toList().vec();
}

} // namespace

std::vector<TensorMap> split(const TensorMap& tensor, const std::string& axis,
                             const torch::IValue& selections) {
    const auto elements = elements_of("split", selections);
    details::Slicer slicer("split", axis, elements);
    slicer.prepare(tensor->data());
    std::vector<details::Blocks> parts(elements.size());
    for (const auto& block : tensor->data()) {
        auto parts_of_block = slicer.cut(*block);
        for (size_t i = 0; i < parts.size(); ++i) {
            parts[i].push_back(std::move(parts_of_block[i]));
        }
    }
    std::vector<TensorMap> maps;
    for (auto& blocks : parts) {
        maps.push_back(details::make_map(tensor->keys(), std::move(blocks), tensor->info_entries()));
    }
    return maps;
}

std::vector<TensorBlock> split_block(const TensorBlock& block, const std::string& axis,
                                     const torch::IValue& selections) {
    details::Slicer slicer("split_block", axis, elements_of("split_block", selections));
    std::vector<TensorBlock> blocks;
    for (auto& part : slicer.cut(block->data())) {
        blocks.push_back(TensorBlockHolder::own(std::move(part)));
    }
    return blocks;
}

} // namespace metatensor_torch
