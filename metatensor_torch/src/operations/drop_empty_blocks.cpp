// SPDX-License-Identifier: BSD-3-Clause
#include "data/block_data.hpp"
#include "metatensor/torch/operations/blocks.hpp"
#include "operations/detail/select_keys.hpp"

namespace metatensor_torch {

TensorMap drop_empty_blocks(const TensorMap& tensor, bool copy) {
    std::vector<int64_t> kept;
    for (size_t i = 0; i < tensor->data().size(); ++i) {
        if (tensor->data()[i]->values.numel() > 0) {
            kept.push_back(static_cast<int64_t>(i));
        }
    }
    return details::take_blocks(tensor, kept, copy);
}

} // namespace metatensor_torch
