// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "check.hpp"
#include "data/empty_on_host.hpp"
#include "data/labels_data.hpp"
#include "metatensor/torch/operations/metadata.hpp"
#include "operations/detail/arguments.hpp"
#include "operations/detail/blocks.hpp"
#include "operations/detail/unique_rows.hpp"

namespace metatensor_torch {

namespace {

using details::Axis;
using details::BlockData;

/// Which entries are wanted
struct Wanted {
    const char* operation;
    Axis axis;
    std::vector<std::string> names;
    std::optional<std::string> gradient;
};

Wanted wanted_metadata(const char* operation, const std::string& axis, const torch::IValue& names,
                       const std::optional<std::string>& gradient) {
    Wanted wanted{operation, details::axis_in(operation, axis, {Axis::samples, Axis::properties}),
                  details::strings_in(operation, "names", names), gradient};
    TORCH_CHECK_VALUE(!wanted.names.empty(), "`names` of '", operation, "' must be at least one name");
    details::check_names(wanted.names);
    return wanted;
}

const Labels& labels_of(const BlockData& block, const Wanted& wanted) {
    const auto* source = &block;
    if (wanted.gradient) {
        source = details::find_gradient(block, *wanted.gradient).get();
        TORCH_CHECK(source != nullptr, "there are no gradients with respect to '", *wanted.gradient,
                    "' for '", wanted.operation, "'");
    }
    return wanted.axis == Axis::samples ? source->samples : source->properties;
}

/// Places of the wanted dimensions in `labels`
std::vector<int64_t> dimensions_in(const LabelsHolder& labels, const Wanted& wanted) {
    std::vector<int64_t> places;
    for (const auto& name : wanted.names) {
        const auto found = std::find(labels.names().begin(), labels.names().end(), name);
        TORCH_CHECK_VALUE(found != labels.names().end(), "there is no dimension '", name,
                          "' in the labels given to '", wanted.operation, "', only [",
                          comma_list(labels.names()), "]");
        places.push_back(found - labels.names().begin());
    }
    return places;
}

/// Unique entries of labels with the same names, each of which is given once
Labels unique_entries(const std::vector<Labels>& all_labels, const Wanted& wanted, torch::Device device) {
    const auto n_columns = static_cast<int64_t>(wanted.names.size());
    if (all_labels.empty()) {
        return details::labels_of(wanted.names, details::empty_on_host({0, n_columns}, torch::kInt), device);
    }
    const auto places = dimensions_in(*all_labels[0], wanted);
    const bool on_host = std::all_of(all_labels.begin(), all_labels.end(),
                                     [](const auto& labels) { return labels->data()->on_host(); });
    if (!on_host) {
        std::vector<torch::Tensor> rows;
        for (const auto& labels : all_labels) {
            rows.push_back(labels->values());
        }
        const auto columns = torch::cat(rows, 0).index_select(1, details::int64_tensor(places, device));
        auto unique = std::get<0>(at::unique_dim(columns, 0, /*sorted=*/true));
        return details::labels_of(wanted.names, std::move(unique), device);
    }
    std::vector<details::ColumnSet> sets;
    for (const auto& labels : all_labels) {
        const auto all_columns = details::host_columns(*labels);
        std::vector<details::Column> columns;
        for (const auto place : places) {
            columns.push_back(all_columns[place]);
        }
        sets.push_back({std::move(columns), labels->count()});
    }
    return details::labels_of(wanted.names, details::unique_rows(sets, n_columns), device);
}

} // namespace

Labels unique_metadata(const TensorMap& tensor, const std::string& axis, const torch::IValue& names,
                       const std::optional<std::string>& gradient) {
    const auto wanted = wanted_metadata("unique_metadata", axis, names, gradient);
    std::vector<Labels> all_labels;
    for (const auto& block : tensor->data()) {
        const auto& labels = labels_of(*block, wanted);
        // neighboring blocks often share their labels
        if (all_labels.empty() || all_labels.back()->data() != labels->data()) {
            all_labels.push_back(labels);
        }
    }
    return unique_entries(all_labels, wanted, tensor->device());
}

Labels unique_metadata_block(const TensorBlock& block, const std::string& axis, const torch::IValue& names,
                             const std::optional<std::string>& gradient) {
    const auto wanted = wanted_metadata("unique_metadata_block", axis, names, gradient);
    return unique_entries({labels_of(block->data(), wanted)}, wanted, block->device());
}

} // namespace metatensor_torch
