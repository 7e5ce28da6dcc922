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
    const auto other = as_custom_class<TensorMapHolder>(B);
    return details::combined("add", A, other, [](at::TensorList first, at::TensorList second) {
        return at::_foreach_add(first, second);
    });
}

} // namespace metatensor_torch
