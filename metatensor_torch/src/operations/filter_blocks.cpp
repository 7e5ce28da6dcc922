// SPDX-License-Identifier: BSD-3-Clause
#include "metatensor/torch/operations/blocks.hpp"
#include "operations/detail/select_keys.hpp"

namespace metatensor_torch {

TensorMap filter_blocks(const TensorMap& tensor, const Labels& keys, bool copy) {
    return details::take_blocks(tensor, details::selected_keys(tensor->keys(), keys), copy);
}

} // namespace metatensor_torch
