// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cstring>
#include <type_traits>

#include "check.hpp"
#include "data/block_data.hpp"
#include "data/derivatives.hpp"
#include "data/empty_on_host.hpp"
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
    auto values = details::empty_on_host({moved.count * rows.count, rows.size + 1}, torch::kInt);
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

/// Place of the component `name`, -1 if there is none
int64_t find_component(const BlockData& block, const std::string& name) {
    for (size_t i = 0; i < block.components.size(); ++i) {
        if (block.components[i]->names()[0] == name) {
            return static_cast<int64_t>(i);
        }
    }
    return -1;
}

/// Copies [n_outer, n_moved, n_middle, inner] to [n_outer, n_middle, n_moved, inner], where `inner` elements
/// have `size` bytes.
template <typename Size>
void copy_moved(const char* source, char* target, int64_t n_outer, int64_t n_moved, int64_t n_middle,
                Size size) {
    for (int64_t i = 0; i < n_outer; ++i, source += n_moved * n_middle * size) {
        for (int64_t j = 0; j < n_middle; ++j) {
            for (int64_t k = 0; k < n_moved; ++k, target += size) {
                std::memcpy(target, source + (k * n_middle + j) * size, size);
            }
        }
    }
}

/// Copy of values with their axis `axis` before the last one, as part of it; the others keep their order.
/// Moved, not swapped. The result has this `shape`.
torch::Tensor move_axis(const torch::Tensor& values, int64_t axis, c10::IntArrayRef shape) {
    const bool by_hand = values.is_cpu() && details::has_data(values) && values.is_contiguous() &&
                         !values.is_conj() && !values.is_neg() && values.numel() > 0 &&
                         !details::is_differentiated(values);
    if (!by_hand) {
        return values.movedim(axis, -2).clone(torch::MemoryFormat::Contiguous).view(shape);
    }
    auto result = details::empty_on_host(shape, values.scalar_type());
    if (axis == values.dim() - 2) {
        std::memcpy(result.data_ptr(), values.const_data_ptr(), values.nbytes());
        return result;
    }
    const auto n_outer = c10::multiply_integers(values.sizes().slice(0, axis));
    const auto n_moved = values.size(axis);
    const auto n_inner = values.size(-1);
    const auto n_middle = values.numel() / (n_outer * n_moved * n_inner);
    const auto copy = [&](auto size) {
        copy_moved(static_cast<const char*>(values.const_data_ptr()), static_cast<char*>(result.data_ptr()),
                   n_outer, n_moved, n_middle, size);
    };
    const auto size = n_inner * static_cast<int64_t>(values.element_size());
    // a copy of known size is a few instructions, not a call
    switch (size) {
    case 8:
        copy(std::integral_constant<int64_t, 8>());
        break;
    case 32:
        copy(std::integral_constant<int64_t, 32>());
        break;
    case 64:
        copy(std::integral_constant<int64_t, 64>());
        break;
    default:
        copy(size);
    }
    return result;
}

/// Block with its component `name` in the new `properties`
std::shared_ptr<BlockData> move_component(const BlockData& block, const std::string& name,
                                          const Labels& properties) {
    auto result = std::make_shared<BlockData>(block);
    const auto component = find_component(block, name);
    result->components.erase(result->components.begin() + component);
    result->properties = properties;
    auto shape = block.values.sizes().vec();
    shape.erase(shape.begin() + component + 1);
    shape.back() = properties->count();
    result->values = move_axis(block.values, component + 1, shape);
    for (auto& [parameter, gradient] : result->gradients) {
        gradient = move_component(*gradient, name, properties);
    }
    return result;
}

/// New properties and what they were made of: blocks often have the same component and properties.
struct MadeProperties {
    Labels component;
    Labels properties;
    Labels result;
};

Labels properties_with(const Labels& component, const Labels& properties, std::vector<MadeProperties>& made) {
    constexpr size_t MAX_REMEMBERED = 16;
    const auto remembered = std::min(made.size(), MAX_REMEMBERED);
    for (auto known = made.end() - static_cast<int64_t>(remembered); known != made.end(); ++known) {
        if (*known->component == *component && *known->properties == *properties) {
            return known->result;
        }
    }
    made.push_back({component, properties, with_component(*component, *properties)});
    return made.back().result;
}

} // namespace

TensorMap TensorMapHolder::components_to_properties(const torch::IValue& dimensions) const {
    auto blocks = blocks_;
    for (const auto& name : details::normalize_names(dimensions, "components to move")) {
        std::vector<MadeProperties> made;
        for (auto& block : blocks) {
            const auto place = find_component(*block, name);
            TORCH_CHECK(place >= 0, "there is no component '", name, "' to move, only [",
                        comma_list(details::component_names(*block)), "]");
            block = move_component(*block, name,
                                   properties_with(block->components[place], block->properties, made));
        }
    }
    if (blocks == blocks_) {
        return copy(/*deep=*/false);
    }
    return torch::make_intrusive<TensorMapHolder>(keys_, std::move(blocks), info_);
}

} // namespace metatensor_torch
