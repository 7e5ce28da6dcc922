// SPDX-License-Identifier: BSD-3-Clause
#include "operations/detail/select_keys.hpp"

#include <algorithm>

#include "data/labels_data.hpp"
#include "operations/detail/blocks.hpp"

namespace metatensor_torch::details {

std::vector<int64_t> selected_keys(const Labels& keys, const Labels& selection) {
    // on the host, where blocks are found
    const auto places = keys->to(torch::kCPU)->select(selection->to(torch::kCPU));
    const auto* first = places.const_data_ptr<int64_t>();
    return {first, first + places.numel()};
}

Labels take_entries(const Labels& labels, const std::vector<int64_t>& places) {
    const auto rows = labels->data()->host();
    auto taken = torch::empty({static_cast<int64_t>(places.size()), rows.size}, torch::kInt);
    auto* row = taken.data_ptr<int32_t>();
    for (const auto place : places) {
        row = std::copy(rows[place], rows[place] + rows.size, row);
    }
    auto data = std::make_shared<LabelsData>(taken);
    auto result = torch::make_intrusive<LabelsHolder>(labels->names(), std::move(taken), std::move(data));
    return labels->device().is_cpu() ? result : result->to(labels->device());
}

TensorMap take_blocks(const TensorMap& tensor, const std::vector<int64_t>& places, bool copy) {
    Blocks blocks;
    blocks.reserve(places.size());
    for (const auto place : places) {
        const auto& block = tensor->data()[place];
        blocks.push_back(copy ? copied(*block, /*deep=*/true) : block);
    }
    return make_map(take_entries(tensor->keys(), places), std::move(blocks), tensor->info_entries());
}

} // namespace metatensor_torch::details
