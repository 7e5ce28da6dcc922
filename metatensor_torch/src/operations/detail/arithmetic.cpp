// SPDX-License-Identifier: BSD-3-Clause
#include "operations/detail/arithmetic.hpp"

#include "operations/detail/chain_rule.hpp"

namespace metatensor_torch::details {

TensorMap shifted(const TensorMap& tensor, double number) {
    return map_blocks(tensor, [&](const BlockData& block) {
        auto sum = with_values(block, block.values + number);
        add_same_gradients(block, *sum);
        return sum;
    });
}

namespace {

/// Map of the values and gradients that `change` makes of the list of those of `tensor`
template <typename Change>
TensorMap change_all(const TensorMap& tensor, const Change& change) {
    if (tensor->data().empty()) {
        return make_map(tensor->keys(), {});
    }
    return make_map(tensor->keys(), unflatten(tensor->data(), change(flatten(tensor->data()))));
}

} // namespace

TensorMap scaled(const TensorMap& tensor, double number) {
    return change_all(tensor, [=](at::TensorList values) { return at::_foreach_mul(values, number); });
}

TensorMap divided(const TensorMap& tensor, double number) {
    return change_all(tensor, [=](at::TensorList values) { return at::_foreach_div(values, number); });
}

} // namespace metatensor_torch::details
