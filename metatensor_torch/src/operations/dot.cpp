// SPDX-License-Identifier: BSD-3-Clause
#include "check.hpp"
#include "metatensor/torch/operations/linear_algebra.hpp"
#include "operations/detail/blocks.hpp"

namespace metatensor_torch {

namespace {

void check_second(const details::BlockData& block) {
    TORCH_CHECK_VALUE(block.components.empty(), "`tensor_2` of 'dot' must not have components");
    TORCH_CHECK_VALUE(block.gradients.empty(), "`tensor_2` of 'dot' must not have gradients");
}

/// Products of `block`, and of its gradients, with `vectors` [properties, vectors]
details::BlockPtr product(const details::BlockData& block, const torch::Tensor& vectors,
                          const Labels& properties) {
    auto result = details::with_values(block, at::matmul(block.values, vectors));
    result->properties = properties;
    for (const auto& [parameter, gradient] : block.gradients) {
        result->gradients.emplace_back(parameter, product(*gradient, vectors, properties));
    }
    return result;
}

} // namespace

TensorMap dot(const TensorMap& tensor_1, const TensorMap& tensor_2) {
    const auto places = details::match_keys("dot", tensor_1->keys(), tensor_2->keys());
    details::Blocks blocks;
    blocks.reserve(places.size());
    for (size_t i = 0; i < places.size(); ++i) {
        const auto& first = *tensor_1->data()[i];
        const auto& second = *tensor_2->data()[places[i]];
        details::check_same_labels("dot", first, second, {.samples = false, .components = false});
        check_second(second);
        blocks.push_back(product(first, second.values.t(), second.samples));
    }
    return details::make_map(tensor_1->keys(), std::move(blocks));
}

} // namespace metatensor_torch
