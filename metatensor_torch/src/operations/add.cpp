// SPDX-License-Identifier: BSD-3-Clause
#include "metatensor/torch/operations/arithmetic.hpp"

#include "check.hpp"
#include "operations/detail/arguments.hpp"
#include "operations/detail/arithmetic.hpp"

namespace metatensor_torch {

TensorMap add(const TensorMap& A, const torch::IValue& B) {
    if (const auto number = details::number_or_map("add", "B", B)) {
        return details::shifted(A, *number);
    }
    return details::combined(
        "add", A, as_custom_class<TensorMapHolder>(B), [](auto a, auto b) { return a + b; },
        [](at::TensorList first, at::TensorList other) { return at::_foreach_add(first, other); });
}

} // namespace metatensor_torch
