// SPDX-License-Identifier: BSD-3-Clause
#include "operations/detail/arithmetic.hpp"

#include "operations/detail/chain_rule.hpp"

namespace metatensor_torch::details {

namespace {

std::vector<torch::Tensor> values_of(const Blocks& blocks) {
    std::vector<torch::Tensor> values;
    values.reserve(blocks.size());
    for (const auto& block : blocks) {
        values.push_back(block->values);
    }
    return values;
}

/// Map of the values and gradients of `tensor` after `function(a)`, see `elementwise`
template <typename Function, typename Foreach>
TensorMap change_all(const TensorMap& tensor, const Function& function, const Foreach& foreach) {
    auto changed = elementwise(flatten(tensor->data()), function, foreach);
    return make_map(tensor->keys(), unflatten(tensor->data(), std::move(changed)));
}

} // namespace

TensorMap shifted(const TensorMap& tensor, double number) {
    auto sums = elementwise(
        values_of(tensor->data()), [=]<typename T>(T a) { return a + static_cast<T>(number); },
        [=](at::TensorList values) { return at::_foreach_add(values, number); });
    Blocks blocks;
    blocks.reserve(sums.size());
    for (size_t i = 0; i < sums.size(); ++i) {
        blocks.push_back(with_values(*tensor->data()[i], std::move(sums[i])));
        add_same_gradients(*tensor->data()[i], *blocks.back());
    }
    return make_map(tensor->keys(), std::move(blocks), tensor->info_entries());
}

TensorMap scaled(const TensorMap& tensor, double number) {
    return change_all(
        tensor, [=]<typename T>(T a) { return a * static_cast<T>(number); },
        [=](at::TensorList values) { return at::_foreach_mul(values, number); });
}

TensorMap divided(const TensorMap& tensor, double number) {
    return change_all(
        tensor, [=]<typename T>(T a) { return a / static_cast<T>(number); },
        [=](at::TensorList values) { return at::_foreach_div(values, number); });
}

Operands matched_operands(const char* operation, const TensorMap& first, const TensorMap& other) {
    const auto places = check_same_maps(operation, *first, *other);
    Blocks matched;
    matched.reserve(places.size());
    for (size_t i = 0; i < places.size(); ++i) {
        refuse_nested_gradients(operation, *first->data()[i]);
        matched.push_back(other->data()[places[i]]);
    }
    auto other_values = values_of(matched);
    return {first->data(), std::move(matched), values_of(first->data()), std::move(other_values)};
}

} // namespace metatensor_torch::details
