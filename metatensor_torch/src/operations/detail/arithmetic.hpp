// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "operations/detail/flat.hpp"

/// What arithmetic operations share
namespace metatensor_torch::details {

/// `tensor` with `number` added to its values; integers become floating point.
TensorMap shifted(const TensorMap& tensor, double number);

/// `tensor` with its values and gradients times `number`; integers become floating point.
TensorMap scaled(const TensorMap& tensor, double number);

/// `tensor` with its values and gradients divided by `number`; integers become floating point.
TensorMap divided(const TensorMap& tensor, double number);

/// Map of the values, and of the gradients, that `combine(first, other)` makes of those of two maps that must
/// have the same labels; `combine` is linear.
template <typename Combine>
TensorMap combined(const char* operation, const TensorMap& first, const TensorMap& other,
                   const Combine& combine) {
    const auto places = check_same_maps(operation, *first, *other);
    auto info = common_info(first->info_entries(), other->info_entries());
    if (first->data().empty()) {
        return make_map(first->keys(), {}, std::move(info));
    }
    auto values = combine(flatten(first->data()), flatten_like(other->data(), places, first->data()));
    return make_map(first->keys(), unflatten(first->data(), std::move(values)), std::move(info));
}

/// Map of the blocks that `make_block(block, other_block)` makes of two maps that must have the same labels;
/// without `info`.
template <typename MakeBlock>
TensorMap combined_blocks(const char* operation, const TensorMap& first, const TensorMap& other,
                          const MakeBlock& make_block) {
    const auto places = check_same_maps(operation, *first, *other);
    Blocks blocks;
    blocks.reserve(places.size());
    for (size_t i = 0; i < places.size(); ++i) {
        refuse_nested_gradients(operation, *first->data()[i]);
        blocks.push_back(make_block(*first->data()[i], *other->data()[places[i]]));
    }
    return make_map(first->keys(), std::move(blocks));
}

} // namespace metatensor_torch::details
