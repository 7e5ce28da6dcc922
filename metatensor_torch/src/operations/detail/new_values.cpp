// SPDX-License-Identifier: BSD-3-Clause
#include "operations/detail/new_values.hpp"

#include "check.hpp"
#include "operations/detail/arguments.hpp"
#include "operations/detail/blocks.hpp"

namespace metatensor_torch::details {

namespace {

using Parameters = std::optional<std::vector<std::string>>;

torch::Tensor new_values(const torch::Tensor& like, MakeValues make) {
    return make(like.sizes(), torch::TensorOptions(like.scalar_type()).device(like.device()));
}

/// All gradients of a gradient are kept: `gradients` only names those of the block.
BlockPtr new_gradient(const BlockData& gradient, MakeValues make) {
    auto result = with_values(gradient, new_values(gradient.values, make));
    for (const auto& [parameter, nested] : gradient.gradients) {
        result->gradients.emplace_back(parameter, new_gradient(*nested, make));
    }
    return result;
}

BlockPtr new_block(const BlockData& block, const NewValues& settings, const Parameters& parameters) {
    auto result = with_values(block, new_values(block.values, settings.make));
    if (settings.requires_grad) {
        result->values.requires_grad_(true);
    }
    if (!parameters) {
        for (const auto& [parameter, gradient] : block.gradients) {
            result->gradients.emplace_back(parameter, new_gradient(*gradient, settings.make));
        }
        return result;
    }
    for (const auto& parameter : *parameters) {
        const auto gradient = find_gradient(block, parameter);
        TORCH_CHECK_VALUE(gradient, "there are no gradients with respect to '", parameter,
                          "', which `gradients` of '", settings.operation, "' asks for");
        TORCH_CHECK_VALUE(!find_gradient(*result, parameter), "`gradients` of '", settings.operation,
                          "' must name each parameter once, got '", parameter, "' twice");
        result->gradients.emplace_back(parameter, new_gradient(*gradient, settings.make));
    }
    return result;
}

} // namespace

TensorMap with_new_values(const TensorMap& tensor, const NewValues& settings) {
    const auto parameters = optional_strings_in(settings.operation, "gradients", settings.gradients);
    Blocks blocks;
    blocks.reserve(tensor->data().size());
    for (const auto& block : tensor->data()) {
        blocks.push_back(new_block(*block, settings, parameters));
    }
    return make_map(tensor->keys(), std::move(blocks));
}

TensorBlock with_new_values(const TensorBlock& block, const NewValues& settings) {
    const auto parameters = optional_strings_in(settings.operation, "gradients", settings.gradients);
    return TensorBlockHolder::own(new_block(block->data(), settings, parameters));
}

} // namespace metatensor_torch::details
