// SPDX-License-Identifier: BSD-3-Clause
#include "operations/detail/join_labels.hpp"

#include <algorithm>

#include "data/empty_on_host.hpp"
#include "data/labels_data.hpp"
#include "data/merge_rows.hpp"
#include "operations/detail/change_labels.hpp"
#include "operations/detail/checks.hpp"

namespace metatensor_torch::details {

namespace {

torch::Tensor join_on_host(const std::vector<RowsPart>& parts, int64_t count, int64_t size, bool with_index) {
    const auto width = size + (with_index ? 1 : 0);
    auto rows = empty_on_host({count, width}, torch::kInt);
    auto* row = rows.data_ptr<int32_t>();
    for (const auto& part : parts) {
        const auto source = part.labels->data()->host();
        for (int64_t i = 0; i < source.count; ++i, row += width) {
            std::copy(source[i], source[i] + size, row);
            if (with_index) {
                row[size] = part.index;
            }
            if (part.shift != 0) {
                row[0] += static_cast<int32_t>(part.shift);
            }
        }
    }
    return rows;
}

/// Shift and index of each row as columns [count, 2], which need one copy to the device
torch::Tensor join_on_device(const std::vector<RowsPart>& parts, int64_t count, int64_t size,
                             bool with_index) {
    auto added = empty_on_host({count, 2}, torch::kInt);
    auto* row = added.data_ptr<int32_t>();
    std::vector<torch::Tensor> values;
    for (const auto& part : parts) {
        values.push_back(part.labels->values());
        for (int64_t i = 0; i < part.labels->count(); ++i, row += 2) {
            row[0] = static_cast<int32_t>(part.shift);
            row[1] = part.index;
        }
    }
    auto rows = torch::cat(values, 0);
    added = added.to(rows.device(), /*non_blocking=*/true);
    if (size > 0) {
        rows.select(1, 0) += added.select(1, 0);
    }
    return with_index ? torch::cat({rows, added.narrow(1, 1, 1)}, 1) : rows;
}

} // namespace

Labels join_rows(const std::vector<std::string>& names, const std::vector<RowsPart>& parts,
                 const JoinRowsOptions& options) {
    const bool with_index = options.add_dimension.has_value();
    if (parts.size() == 1 && !with_index && parts[0].shift == 0) {
        return parts[0].labels;
    }
    int64_t count = 0;
    bool on_host = true;
    for (const auto& part : parts) {
        count += part.labels->count();
        on_host = on_host && part.labels->data()->on_host();
    }
    const auto size = static_cast<int64_t>(names.size());
    auto rows = on_host ? join_on_host(parts, count, size, with_index)
                        : join_on_device(parts, count, size, with_index);
    const auto device = parts[0].labels->device();
    if (options.check_unique && checks_are_enabled()) {
        const auto joined = torch::make_intrusive<LabelsHolder>(names, std::move(rows));
        return joined->device() == device ? joined : joined->to(device);
    }
    auto all_names = names;
    if (with_index) {
        all_names.push_back(*options.add_dimension);
        check_names(all_names);
    }
    return labels_of(std::move(all_names), std::move(rows), device);
}

UnitedLabels unite_gradient_samples(const std::vector<Labels>& samples,
                                    const std::vector<std::vector<int64_t>>& moved) {
    const auto& names = samples[0]->names();
    std::vector<int32_t> rows;
    int64_t count = 0;
    for (size_t k = 0; k < samples.size(); ++k) {
        const auto source = samples[k]->data()->host();
        const auto first = rows.size();
        rows.insert(rows.end(), source.data, source.data + source.count * source.size);
        for (int64_t i = 0; !moved.empty() && i < source.count; ++i) {
            const auto n_samples = static_cast<int64_t>(moved[k].size());
            const auto place = moved[k][checked_sample(source[i][0], n_samples)];
            rows[first + i * source.size] = static_cast<int32_t>(place);
        }
        count += source.count;
    }
    const auto merged = merge_rows({rows.data(), count, static_cast<int64_t>(names.size())}, /*sort=*/false);

    auto united = empty_on_host({merged.count, static_cast<int64_t>(names.size())}, torch::kInt);
    std::copy(merged.values.begin(), merged.values.end(), united.data_ptr<int32_t>());
    UnitedLabels result{labels_of(names, std::move(united), samples[0]->device()), {}};
    auto place = merged.places.begin();
    for (const auto& labels : samples) {
        result.places.emplace_back(place, place + labels->count());
        place += labels->count();
    }
    return result;
}

} // namespace metatensor_torch::details
