// SPDX-License-Identifier: BSD-3-Clause
#include "operations/detail/change_labels.hpp"

#include <algorithm>

#include "data/empty_on_host.hpp"
#include "data/labels_data.hpp"
#include "operations/detail/blocks.hpp"

namespace metatensor_torch::details {

namespace {

BlockPtr with_samples(const BlockData& block, Labels samples) {
    auto changed = std::make_shared<BlockData>(block);
    changed->samples = std::move(samples);
    return changed;
}

BlockPtr with_properties(const BlockData& block, SharedChange& change) {
    auto changed = std::make_shared<BlockData>(block);
    changed->properties = change(block.properties);
    for (auto& [parameter, gradient] : changed->gradients) {
        gradient = with_properties(*gradient, change);
    }
    return changed;
}

} // namespace

Labels SharedChange::operator()(const Labels& labels) {
    auto& changed = changed_[labels->data().get()];
    if (!changed) {
        changed = change_(labels);
    }
    return changed;
}

TensorMap change_labels(const TensorMap& tensor, Axis axis, const LabelsChange& change) {
    if (axis == Axis::keys) {
        return make_map(change(tensor->keys()), tensor->data(), tensor->info_entries());
    }
    SharedChange shared(change);
    return map_blocks(tensor, [&](const BlockData& block) {
        return axis == Axis::samples ? with_samples(block, shared(block.samples))
                                     : with_properties(block, shared);
    });
}

void check_names(const std::vector<std::string>& names) {
    const LabelsHolder checked(names, empty_on_host({0, static_cast<int64_t>(names.size())}, torch::kInt),
                               metatensor::assume_unique{});
}

std::vector<Column> host_columns(const LabelsHolder& labels) {
    const auto rows = labels.data()->host();
    std::vector<Column> columns;
    for (int64_t j = 0; j < rows.size; ++j) {
        columns.push_back({rows.data + j, rows.size});
    }
    return columns;
}

torch::Tensor rows_of(const std::vector<Column>& columns, int64_t count) {
    const auto size = static_cast<int64_t>(columns.size());
    auto rows = empty_on_host({count, size}, torch::kInt);
    auto* row = rows.data_ptr<int32_t>();
    for (int64_t j = 0; j < size; ++j) {
        const auto [data, stride] = columns[j];
        for (int64_t i = 0; i < count; ++i) {
            row[i * size + j] = data[i * stride];
        }
    }
    return rows;
}

Labels labels_of(std::vector<std::string> names, torch::Tensor rows, torch::Device device) {
    auto data = std::make_shared<LabelsData>(rows);
    auto labels = torch::make_intrusive<LabelsHolder>(std::move(names), std::move(rows), std::move(data));
    return labels->device() == device ? labels : labels->to(device);
}

Labels take_rows(RowSpan rows, const std::vector<int64_t>& places, const Labels& like) {
    auto taken = empty_on_host({static_cast<int64_t>(places.size()), rows.size}, torch::kInt);
    auto* row = taken.data_ptr<int32_t>();
    for (const auto place : places) {
        row = std::copy(rows[place], rows[place] + rows.size, row);
    }
    return labels_of(like->names(), std::move(taken), like->device());
}

} // namespace metatensor_torch::details
