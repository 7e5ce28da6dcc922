// SPDX-License-Identifier: BSD-3-Clause
#include "metatensor/torch/operations/arithmetic.hpp"

#include "check.hpp"
#include "operations/detail/arguments.hpp"
#include "operations/detail/flat.hpp"

namespace metatensor_torch {

TensorMap add(const TensorMap& A, const torch::IValue& B) {
    if (const auto number = details::number_or_map("add", "B", B)) {
        return details::map_blocks(A, [&](const details::BlockData& block) {
            auto sum = details::with_values(block, block.values + *number);
            sum->gradients = block.gradients;
            return sum;
        });
    }
    const auto other = as_custom_class<TensorMapHolder>(B);
    const auto places = details::check_same_maps("add", *A, *other);
    auto info = details::common_info(A->info_entries(), other->info_entries());
    if (A->data().empty()) {
        return details::make_map(A->keys(), {}, std::move(info));
    }
    auto sums =
        at::_foreach_add(details::flatten(A->data()), details::flatten_like(other->data(), places, A->data()));
    return details::make_map(A->keys(), details::unflatten(A->data(), std::move(sums)), std::move(info));
}

} // namespace metatensor_torch
