// SPDX-License-Identifier: BSD-3-Clause
#include "metatensor/torch/operations/arithmetic.hpp"

#include "check.hpp"
#include "operations/detail/arguments.hpp"
#include "operations/detail/arithmetic.hpp"
#include "operations/detail/chain_rule.hpp"

namespace metatensor_torch {

namespace {

/// d(A B) = A dB + B dA
torch::Tensor gradient_of_product(const details::BlockData& a, const details::BlockData& b,
                                  const details::BlockData& da, const details::BlockData& db,
                                  const torch::Tensor& /*product*/) {
    if (const auto rows = details::plain_rows(da, db.values, a.values, b.values)) {
        return details::loop(*rows, a.values, b.values, da.values, db.values,
                             [](auto a, auto b, auto da, auto db) { return a * db + b * da; });
    }
    return details::values_of_rows(a.values, da) * db.values +
           details::values_of_rows(b.values, da) * da.values;
}

} // namespace

TensorMap multiply(const TensorMap& A, const torch::IValue& B) {
    if (const auto number = details::number_or_map("multiply", "B", B)) {
        return details::scaled(A, *number);
    }
    const auto operands = details::matched_operands("multiply", A, as_custom_class<TensorMapHolder>(B));
    const auto values = details::elementwise(
        operands.first_values, operands.other_values, [](auto a, auto b) { return a * b; },
        [](at::TensorList first, at::TensorList other) { return at::_foreach_mul(first, other); });
    return details::make_map_of(A->keys(), operands, values, gradient_of_product);
}

} // namespace metatensor_torch
