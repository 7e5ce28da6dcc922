// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "operations/detail/flat.hpp"
#include "operations/detail/loops.hpp"

/// What arithmetic operations share
namespace metatensor_torch::details {

/// `tensor` with `number` added to its values; integers become floating point.
TensorMap shifted(const TensorMap& tensor, double number);

/// `tensor` with its values and gradients times `number`; integers become floating point.
TensorMap scaled(const TensorMap& tensor, double number);

/// `tensor` with its values and gradients divided by `number`; integers become floating point.
TensorMap divided(const TensorMap& tensor, double number);

/// `function(a, b)` for each two elements of the tensors of two lists, by a loop where that is allowed, else
/// by `foreach(first, other)`, a call of torch
template <typename Function, typename Foreach>
std::vector<torch::Tensor> elementwise(const std::vector<torch::Tensor>& first,
                                       const std::vector<torch::Tensor>& other, const Function& function,
                                       const Foreach& foreach) {
    if (first.empty()) {
        return {};
    }
    if (!are_plain(first, other)) {
        return foreach (first, other);
    }
    std::vector<torch::Tensor> results;
    results.reserve(first.size());
    for (size_t i = 0; i < first.size(); ++i) {
        results.push_back(loop(function, first[i], other[i]));
    }
    return results;
}

/// The same for each element of one list of tensors
template <typename Function, typename Foreach>
std::vector<torch::Tensor> elementwise(const std::vector<torch::Tensor>& tensors, const Function& function,
                                       const Foreach& foreach) {
    if (tensors.empty()) {
        return {};
    }
    if (!are_plain(tensors)) {
        return foreach (tensors);
    }
    std::vector<torch::Tensor> results;
    results.reserve(tensors.size());
    for (const auto& tensor : tensors) {
        results.push_back(loop(function, tensor));
    }
    return results;
}

/// Map of the values, and of the gradients, that a linear `function(a, b)` makes of those of two maps, which
/// must have the same labels; see `elementwise`
template <typename Function, typename Foreach>
TensorMap combined(const char* operation, const TensorMap& first, const TensorMap& other,
                   const Function& function, const Foreach& foreach) {
    const auto places = check_same_maps(operation, *first, *other);
    auto values = elementwise(flatten(first->data()), flatten_like(other->data(), places, first->data()),
                              function, foreach);
    return make_map(first->keys(), unflatten(first->data(), std::move(values)),
                    common_info(first->info_entries(), other->info_entries()));
}

/// Two maps of which a product or quotient is made, block by block
struct Operands {
    const Blocks& first;
    Blocks other;
    std::vector<torch::Tensor> first_values;
    std::vector<torch::Tensor> other_values;
};

/// The blocks of two maps, which must have the same labels and no gradients of gradients
Operands matched_operands(const char* operation, const TensorMap& first, const TensorMap& other);

/// Map of the labels of `operands.first`, these values and the gradients that
/// `make_gradient(a, b, da, db, values)` makes of two blocks, two gradients and the values; without `info`
template <typename MakeGradient>
TensorMap make_map_of(const Labels& keys, const Operands& operands, const std::vector<torch::Tensor>& values,
                      const MakeGradient& make_gradient) {
    Blocks blocks;
    blocks.reserve(values.size());
    for (size_t i = 0; i < values.size(); ++i) {
        const auto& a = *operands.first[i];
        const auto& b = *operands.other[i];
        auto block = with_values(a, values[i]);
        for (const auto& [parameter, da] : a.gradients) {
            auto gradient = make_gradient(a, b, *da, *find_gradient(b, parameter), values[i]);
            block->gradients.emplace_back(parameter, with_values(*da, std::move(gradient)));
        }
        blocks.push_back(std::move(block));
    }
    return make_map(keys, std::move(blocks));
}

} // namespace metatensor_torch::details
