// SPDX-License-Identifier: BSD-3-Clause
#include "operations/detail/grouped_labels.hpp"

#include <algorithm>

#include "check.hpp"
#include "data/fetch_labels.hpp"
#include "data/labels_data.hpp"
#include "operations/detail/change_labels.hpp"

namespace metatensor_torch::details {

namespace {

/// Labels with more rows than this are grouped on their device: to read them takes longer than the dozens of
/// kernels do that this needs.
constexpr int64_t MANY_ROWS = 30'000;

/// Numbers of labels and of rows of the samples of a block and of its gradients
std::pair<int64_t, int64_t> sizes_of_samples(const BlockData& block) {
    std::pair<int64_t, int64_t> sizes{1, block.samples->count()};
    for (const auto& [parameter, gradient] : block.gradients) {
        const auto [n_labels, n_rows] = sizes_of_samples(*gradient);
        sizes.first += n_labels;
        sizes.second += n_rows;
    }
    return sizes;
}

/// Whether the samples of all blocks are known on a device only and, on average, many
bool are_many_on_device(const std::vector<const BlockData*>& blocks) {
    if (blocks.empty() || blocks[0]->values.is_cpu()) {
        return false;
    }
    int64_t n_labels = 0;
    int64_t n_rows = 0;
    for (const auto* block : blocks) {
        if (block->samples->data()->on_host() || !has_data(block->samples->values())) {
            return false;
        }
        const auto [n_labels_of_block, n_rows_of_block] = sizes_of_samples(*block);
        n_labels += n_labels_of_block;
        n_rows += n_rows_of_block;
    }
    return n_rows > MANY_ROWS * n_labels;
}

} // namespace

LabelsGrouping::LabelsGrouping(const char* operation, const char* axis, const std::vector<std::string>& names,
                               const std::vector<std::string>& removed) {
    for (const auto& name : removed) {
        TORCH_CHECK_VALUE(std::find(names.begin(), names.end(), name) != names.end(), "'", operation,
                          "' got '", name, "', which is no dimension of the ", axis, ", only [",
                          comma_list(names), "]");
    }
    for (size_t i = 0; i < names.size(); ++i) {
        if (std::find(removed.begin(), removed.end(), names[i]) == removed.end()) {
            kept_.push_back(static_cast<int64_t>(i));
            kept_names_.push_back(names[i]);
        }
    }
}

/// Adds the samples of `block` and of its gradients, unless the same are there already
void LabelsGrouping::add_pending(const BlockData& block, std::optional<size_t> parent,
                                 std::vector<Pending>& pending) const {
    const auto same = std::find_if(pending.begin(), pending.end(), [&](const Pending& other) {
        return other.samples->data() == block.samples->data() && other.parent == parent;
    });
    const auto number = static_cast<size_t>(same - pending.begin());
    if (same == pending.end()) {
        auto rows = block.samples->values();
        if (!parent) {
            rows = rows.index_select(1, int64_tensor(kept_, rows.device()));
        } else {
            const auto& groups = pending[*parent].rows.group_of_row();
            rows = rows.clone();
            rows.select(1, 0).copy_(groups.index_select(0, rows.select(1, 0)));
        }
        pending.push_back({block.samples, parent, RowsToGroup(std::move(rows))});
    }
    for (const auto& [parameter, gradient] : block.gradients) {
        add_pending(*gradient, number, pending);
    }
}

void LabelsGrouping::prepare(const std::vector<const BlockData*>& blocks) {
    if (!are_many_on_device(blocks)) {
        fetch_samples(blocks);
        return;
    }
    std::vector<Pending> pending;
    for (const auto* block : blocks) {
        add_pending(*block, std::nullopt, pending);
    }
    std::vector<torch::Tensor> flags;
    for (const auto& samples : pending) {
        flags.push_back(samples.rows.flags());
    }
    const auto all_flags = torch::cat(flags).to(torch::kCPU);
    const auto* next = all_flags.const_data_ptr<bool>();
    std::vector<RowGroupsPtr> groups;
    for (const auto& [samples, parent, rows] : pending) {
        auto grouped = rows.finish(next);
        next += samples->count() + 1;
        groups.push_back(grouped.groups);
        auto labels = parent ? labels_of(samples->names(), std::move(grouped.rows), samples->device())
                             : kept_labels(std::move(grouped.rows), samples->device());
        auto& result = parent ? known_gradients_[{samples->data().get(), groups[*parent].get()}]
                              : known_[samples->data().get()];
        result = {std::move(labels), std::move(grouped.groups)};
    }
}

Labels LabelsGrouping::kept_labels(torch::Tensor rows, torch::Device device) const {
    return kept_.empty() ? labels_of({"_"}, torch::zeros({rows.size(0), 1}, rows.options()), device)
                         : labels_of(kept_names_, std::move(rows), device);
}

const GroupedLabels& LabelsGrouping::group(const Labels& labels) {
    auto& result = known_[labels->data().get()];
    if (result.groups) {
        return result;
    }
    const auto rows = labels->data()->host();
    const auto n_kept = static_cast<int64_t>(kept_.size());
    std::vector<int32_t> values;
    if (n_kept < rows.size) {
        values.resize(rows.count * n_kept);
        auto* value = values.data();
        for (int64_t i = 0; i < rows.count; ++i) {
            for (const auto column : kept_) {
                *value++ = rows[i][column];
            }
        }
    }
    auto grouped = group_rows(n_kept < rows.size ? RowSpan{values.data(), rows.count, n_kept} : rows);
    result.groups = std::move(grouped.groups);
    result.labels = kept_labels(std::move(grouped.rows), labels->device());
    return result;
}

const GroupedLabels& LabelsGrouping::group_gradient(const Labels& samples, const RowGroupsPtr& groups) {
    auto& result = known_gradients_[{samples->data().get(), groups.get()}];
    if (result.groups) {
        return result;
    }
    const auto rows = samples->data()->host();
    const auto group_of_row = groups->group_of_row().to(torch::kCPU);
    const auto* group_of_sample = group_of_row.const_data_ptr<int64_t>();
    std::vector<int32_t> values(rows.data, rows.data + rows.count * rows.size);
    for (int64_t i = 0; i < rows.count; ++i) {
        auto& sample = values[i * rows.size];
        sample = static_cast<int32_t>(group_of_sample[checked_sample(sample, groups->n_rows())]);
    }
    auto grouped = group_rows({values.data(), rows.count, rows.size});
    result.labels = labels_of(samples->names(), std::move(grouped.rows), samples->device());
    result.groups = std::move(grouped.groups);
    return result;
}

} // namespace metatensor_torch::details
