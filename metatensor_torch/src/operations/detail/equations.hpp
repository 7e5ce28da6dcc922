// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "operations/detail/blocks.hpp"

/// What solve and lstsq share
namespace metatensor_torch::details {

/// Map of the solutions w of X w^T = Y for each key: `solve(x, y)` gives w^T for two blocks, which must have
/// the same samples, components and gradients.
template <typename Solve>
TensorMap solutions(const char* operation, const TensorMap& X, const TensorMap& Y, const Solve& solve) {
    const auto places = match_keys(operation, X->keys(), Y->keys());
    constexpr ComparedLabels EQUATIONS = {.properties = false};
    Blocks blocks;
    blocks.reserve(places.size());
    for (size_t i = 0; i < places.size(); ++i) {
        const auto& x = *X->data()[i];
        const auto& y = *Y->data()[places[i]];
        check_same_labels(operation, x, y, EQUATIONS);
        check_same_gradients(operation, x, y, EQUATIONS);
        blocks.push_back(std::make_shared<BlockData>(
            BlockData{solve(x, y).transpose(0, 1), y.properties, {}, x.properties, {}}));
    }
    return make_map(X->keys(), std::move(blocks));
}

} // namespace metatensor_torch::details
