// SPDX-License-Identifier: BSD-3-Clause
#include "metatensor/torch/operations/arithmetic.hpp"

#include "check.hpp"
#include "operations/detail/arguments.hpp"
#include "operations/detail/arithmetic.hpp"

namespace metatensor_torch {

TensorMap subtract(const TensorMap& A, const torch::IValue& B) {
    if (const auto number = details::number_or_map("subtract", "B", B)) {
        return details::shifted(A, -*number);
    }
    const auto other = as_custom_class<TensorMapHolder>(B);
    return details::combined("subtract", A, other, [](at::TensorList first, at::TensorList second) {
        return at::_foreach_sub(first, second);
    });
}

} // namespace metatensor_torch
