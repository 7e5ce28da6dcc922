// SPDX-License-Identifier: BSD-3-Clause
#include "metatensor/torch/operations/blocks.hpp"
#include "operations/detail/select_keys.hpp"

namespace metatensor_torch {

TensorMap drop_blocks(const TensorMap& tensor, const Labels& keys, bool copy) {
    std::vector<char> dropped(tensor->keys()->count(), 0);
    for (const auto place : details::selected_keys(tensor->keys(), keys)) {
        dropped[place] = 1;
    }
    std::vector<int64_t> kept;
    for (size_t i = 0; i < dropped.size(); ++i) {
        if (dropped[i] == 0) {
            kept.push_back(static_cast<int64_t>(i));
        }
    }
    return details::take_blocks(tensor, kept, copy);
}

} // namespace metatensor_torch
