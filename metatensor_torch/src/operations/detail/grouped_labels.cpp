// SPDX-License-Identifier: BSD-3-Clause
#include "operations/detail/grouped_labels.hpp"

#include <algorithm>

#include "check.hpp"
#include "data/labels_data.hpp"
#include "operations/detail/change_labels.hpp"

namespace metatensor_torch::details {

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
    result.labels =
        kept_.empty()
            ? labels_of({"_"}, torch::zeros({result.groups->n_groups(), 1}, torch::kInt), labels->device())
            : labels_of(kept_names_, std::move(grouped.rows), labels->device());
    return result;
}

const GroupedLabels& LabelsGrouping::group_gradient(const Labels& samples, const RowGroupsPtr& groups) {
    auto& result = known_gradients_[{samples->data().get(), groups.get()}];
    if (result.groups) {
        return result;
    }
    const auto rows = samples->data()->host();
    const auto* group_of_sample = groups->group_of_row().const_data_ptr<int64_t>();
    std::vector<int32_t> values(rows.data, rows.data + rows.count * rows.size);
    for (int64_t i = 0; i < rows.count; ++i) {
        auto& sample = values[i * rows.size];
        sample = static_cast<int32_t>(group_of_sample[sample]);
    }
    auto grouped = group_rows({values.data(), rows.count, rows.size});
    result.labels = labels_of(samples->names(), std::move(grouped.rows), samples->device());
    result.groups = std::move(grouped.groups);
    return result;
}

} // namespace metatensor_torch::details
