// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "check.hpp"
#include "data/block_data.hpp"
#include "data/labels_data.hpp"
#include "metatensor/torch/tensor.hpp"

namespace metatensor_torch {

using details::BlockData;

namespace {

/// Every entry of `component` with every entry of `properties`, the latter running faster
Labels with_component(const LabelsHolder& component, const LabelsHolder& properties) {
    const auto moved = component.data()->host();
    const auto rows = properties.data()->host();
    auto names = properties.names();
    names.insert(names.begin(), component.names()[0]);
    auto values = torch::empty({moved.count * rows.count, rows.size + 1}, torch::kInt);
    auto* row = values.data_ptr<int32_t>();
    for (int64_t i = 0; i < moved.count; ++i) {
        for (int64_t j = 0; j < rows.count; ++j) {
            *row++ = moved[i][0];
            row = std::copy(rows[j], rows[j] + rows.size, row);
        }
    }
    return LabelsHolder(std::move(names), std::move(values), metatensor::assume_unique{})
        .to(properties.device());
}

/// Block with its component `name` in the new `properties`
std::shared_ptr<BlockData> move_component(const BlockData& block, const std::string& name,
                                          const Labels& properties) {
    auto result = std::make_shared<BlockData>(block);
    const auto names = details::component_names(block);
    const auto component = std::find(names.begin(), names.end(), name) - names.begin();
    result->components.erase(result->components.begin() + component);
    result->properties = properties;
    auto shape = block.values.sizes().vec();
    shape.erase(shape.begin() + component + 1);
    shape.back() = properties->count();
    // moved, not swapped: the components that follow keep their order
    result->values = block.values.movedim(component + 1, -2).reshape(shape);
    for (auto& [parameter, gradient] : result->gradients) {
        gradient = move_component(*gradient, name, properties);
    }
    return result;
}

} // namespace

TensorMap TensorMapHolder::components_to_properties(const torch::IValue& dimensions) const {
    auto blocks = blocks_;
    for (const auto& name : details::normalize_names(dimensions, "components to move")) {
        for (auto& block : blocks) {
            const auto names = details::component_names(*block);
            const auto found = std::find(names.begin(), names.end(), name);
            TORCH_CHECK(found != names.end(), "there is no component '", name, "' to move, only [",
                        join(names), "]");
            const auto& component = block->components[found - names.begin()];
            block = move_component(*block, name, with_component(*component, *block->properties));
        }
    }
    if (blocks == blocks_) {
        return copy(/*deep=*/false);
    }
    return torch::make_intrusive<TensorMapHolder>(keys_, std::move(blocks), info_);
}

} // namespace metatensor_torch
