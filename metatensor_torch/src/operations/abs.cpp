// SPDX-License-Identifier: BSD-3-Clause
#include "metatensor/torch/operations/arithmetic.hpp"

#include "operations/detail/chain_rule.hpp"

namespace metatensor_torch {

namespace {

/// d|A| = Re(conj(A / |A|) dA) for derivatives with respect to something real
void add_complex_gradients(const details::BlockData& block, details::BlockData& result) {
    details::refuse_nested_gradients("abs", block);
    const auto direction = block.values.sgn().conj();
    for (const auto& [parameter, gradient] : block.gradients) {
        auto values = at::real(details::values_of_rows(direction, *gradient) * gradient->values);
        result.gradients.emplace_back(parameter, details::with_values(*gradient, std::move(values)));
    }
}

} // namespace

TensorMap abs(const TensorMap& A) {
    return details::map_blocks(A, [](const details::BlockData& block) {
        auto result = details::with_values(block, block.values.abs());
        if (block.values.is_complex()) {
            add_complex_gradients(block, *result);
        } else if (!block.gradients.empty()) {
            details::add_scaled_gradients(block, block.values.sgn(), *result);
        }
        return result;
    });
}

} // namespace metatensor_torch
