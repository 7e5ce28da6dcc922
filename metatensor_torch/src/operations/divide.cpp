// SPDX-License-Identifier: BSD-3-Clause
#include "metatensor/torch/operations/arithmetic.hpp"

#include "check.hpp"
#include "operations/detail/arguments.hpp"
#include "operations/detail/arithmetic.hpp"
#include "operations/detail/chain_rule.hpp"

namespace metatensor_torch {

namespace {

/// d(A / B) = (dA - (A / B) dB) / B
torch::Tensor gradient_of_quotient(const details::BlockData& /*a*/, const details::BlockData& b,
                                   const details::BlockData& da, const details::BlockData& db,
                                   const torch::Tensor& quotient) {
    if (const auto rows = details::plain_rows(da, db.values, quotient, b.values)) {
        return details::loop(*rows, quotient, b.values, da.values, db.values,
                             [](auto q, auto b, auto da, auto db) { return (da - q * db) / b; });
    }
    return (da.values - details::values_of_rows(quotient, da) * db.values) /
           details::values_of_rows(b.values, da);
}

} // namespace

TensorMap divide(const TensorMap& A, const torch::IValue& B) {
    if (const auto number = details::number_or_map("divide", "B", B)) {
        return details::divided(A, *number);
    }
    const auto operands = details::matched_operands("divide", A, as_custom_class<TensorMapHolder>(B));
    const auto values = details::elementwise(
        operands.first_values, operands.other_values, [](auto a, auto b) { return a / b; },
        [](at::TensorList first, at::TensorList other) { return at::_foreach_div(first, other); });
    return details::make_map_of(A->keys(), operands, values, gradient_of_quotient);
}

} // namespace metatensor_torch
