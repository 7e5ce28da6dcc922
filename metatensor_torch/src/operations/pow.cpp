// SPDX-License-Identifier: BSD-3-Clause
#include "metatensor/torch/operations/arithmetic.hpp"

#include "check.hpp"
#include "operations/detail/chain_rule.hpp"

namespace metatensor_torch {

namespace {

/// B A^(B - 1), which is 0 for B = 0 even where A is
torch::Tensor derivative_of_power(const torch::Tensor& values, double exponent, const torch::Tensor& power) {
    return exponent == 0 ? at::zeros_like(power) : exponent * values.pow(exponent - 1);
}

} // namespace

TensorMap pow(const TensorMap& A, const torch::IValue& B) {
    TORCH_CHECK_TYPE(B.isDouble() || B.isInt(), "`B` of 'pow' must be a number, got ", B.type()->repr_str());
    const auto exponent = B.isInt() ? static_cast<double>(B.toInt()) : B.toDouble();
    details::Blocks blocks;
    blocks.reserve(A->data().size());
    for (const auto& block : A->data()) {
        details::refuse_nested_gradients("pow", *block);
        auto power = details::with_values(*block, block->values.pow(exponent));
        if (!block->gradients.empty()) {
            details::add_scaled_gradients(*block, derivative_of_power(block->values, exponent, power->values),
                                          *power);
        }
        blocks.push_back(std::move(power));
    }
    return details::make_map(A->keys(), std::move(blocks));
}

} // namespace metatensor_torch
