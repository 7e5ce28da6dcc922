// SPDX-License-Identifier: BSD-3-Clause
#include "operations/detail/select_keys.hpp"

#include "data/labels_data.hpp"
#include "operations/detail/blocks.hpp"
#include "operations/detail/change_labels.hpp"

namespace metatensor_torch::details {

std::vector<int64_t> selected_keys(const Labels& keys, const Labels& selection) {
    // on the host, where blocks are found
    const auto places = keys->to(torch::kCPU)->select(selection->to(torch::kCPU));
    const auto* first = places.const_data_ptr<int64_t>();
    return {first, first + places.numel()};
}

TensorMap take_blocks(const TensorMap& tensor, const std::vector<int64_t>& places, bool copy) {
    Blocks blocks;
    blocks.reserve(places.size());
    for (const auto place : places) {
        const auto& block = tensor->data()[place];
        blocks.push_back(copy ? copied(*block, /*deep=*/true) : block);
    }
    const auto& keys = tensor->keys();
    return make_map(take_rows(keys->data()->host(), places, keys), std::move(blocks), tensor->info_entries());
}

} // namespace metatensor_torch::details
