// SPDX-License-Identifier: BSD-3-Clause
#include "operations/detail/chain_rule.hpp"

#include "operations/detail/each_values.hpp"
#include "operations/detail/loops.hpp"

namespace metatensor_torch::details {

torch::Tensor values_of_rows(const torch::Tensor& values, const BlockData& gradient) {
    auto rows = values.index_select(0, gradient.samples->values().select(1, 0));
    auto shape = rows.sizes().vec();
    shape.insert(shape.begin() + 1, gradient.values.dim() - values.dim(), 1);
    return rows.view(shape);
}

void add_scaled_gradients(const BlockData& block, const torch::Tensor& derivative, BlockData& result) {
    for (const auto& [parameter, gradient] : block.gradients) {
        if (const auto rows = plain_rows(*gradient, derivative); rows && gradient->gradients.empty()) {
            auto values = loop(*rows, derivative, gradient->values, [](auto d, auto da) { return d * da; });
            result.gradients.emplace_back(parameter, with_values(*gradient, std::move(values)));
            continue;
        }
        const auto factors = values_of_rows(derivative, *gradient);
        auto scaled = with_values(*gradient, gradient->values * factors);
        add_scaled_gradients(*gradient, factors, *scaled);
        result.gradients.emplace_back(parameter, std::move(scaled));
    }
}

void add_same_gradients(const BlockData& block, BlockData& result) {
    const auto dtype = result.values.scalar_type();
    if (block.values.scalar_type() == dtype) {
        result.gradients = block.gradients;
        return;
    }
    for (const auto& [parameter, gradient] : block.gradients) {
        result.gradients.emplace_back(parameter, change_values(*gradient, [=](const torch::Tensor& values) {
                                          return values.to(dtype);
                                      }));
    }
}

} // namespace metatensor_torch::details
