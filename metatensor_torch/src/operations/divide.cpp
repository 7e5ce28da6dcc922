// SPDX-License-Identifier: BSD-3-Clause
#include "metatensor/torch/operations/arithmetic.hpp"

#include "check.hpp"
#include "operations/detail/arguments.hpp"
#include "operations/detail/arithmetic.hpp"
#include "operations/detail/chain_rule.hpp"

namespace metatensor_torch {

namespace {

/// d(A / B) = (dA - (A / B) dB) / B
details::BlockPtr quotient(const details::BlockData& a, const details::BlockData& b) {
    auto result = details::with_values(a, a.values / b.values);
    for (const auto& [parameter, da] : a.gradients) {
        const auto db = details::find_gradient(b, parameter);
        auto gradient = (da->values - details::values_of_rows(result->values, *da) * db->values) /
                        details::values_of_rows(b.values, *da);
        result->gradients.emplace_back(parameter, details::with_values(*da, std::move(gradient)));
    }
    return result;
}

} // namespace

TensorMap divide(const TensorMap& A, const torch::IValue& B) {
    if (const auto number = details::number_or_map("divide", "B", B)) {
        return details::divided(A, *number);
    }
    return details::combined_blocks("divide", A, as_custom_class<TensorMapHolder>(B), quotient);
}

} // namespace metatensor_torch
