// SPDX-License-Identifier: BSD-3-Clause
#include "operations/detail/join_blocks.hpp"

#include <algorithm>
#include <numeric>

#include "check.hpp"
#include "data/labels_data.hpp"
#include "operations/detail/checks.hpp"
#include "operations/detail/join_labels.hpp"
#include "operations/detail/memory.hpp"

namespace metatensor_torch::details {

namespace {

using Parts = std::vector<JoinPart>;

torch::Tensor concatenate_values(const Parts& parts, int64_t dim) {
    if (parts.size() == 1) {
        return parts[0].block->values.clone(torch::MemoryFormat::Contiguous);
    }
    std::vector<torch::Tensor> values;
    values.reserve(parts.size());
    for (const auto& part : parts) {
        values.push_back(part.block->values);
    }
    return concatenate(values, dim);
}

Parts gradient_parts(const Parts& parts, const std::string& parameter) {
    Parts gradients;
    gradients.reserve(parts.size());
    for (const auto& part : parts) {
        gradients.push_back({part.index, find_gradient(*part.block, parameter).get()});
    }
    return gradients;
}

std::vector<RowsPart> sample_rows(const Parts& parts) {
    std::vector<RowsPart> rows;
    rows.reserve(parts.size());
    for (const auto& part : parts) {
        rows.push_back({part.block->samples, 0, static_cast<int32_t>(part.index)});
    }
    return rows;
}

void check_parts(const Parts& parts, const JoinOptions& options) {
    const bool along_samples = options.axis == Axis::samples;
    const auto& first = *parts[0].block;
    for (size_t i = 1; i < parts.size(); ++i) {
        const auto& other = *parts[i].block;
        TORCH_CHECK_VALUE(!along_samples || first.samples->names() == other.samples->names(), "'",
                          options.operation, "' can not join samples with different names, got [",
                          comma_list(first.samples->names()), "] and [", comma_list(other.samples->names()),
                          "]");
        check_same_labels(options.operation, first, other,
                          {.samples = !along_samples, .components = true, .properties = along_samples});
        check_same_gradients(options.operation, first, other,
                             {.samples = false, .components = true, .properties = false});
        for (const auto& [parameter, gradient] : first.gradients) {
            const auto& names = gradient->samples->names();
            const auto& other_names = find_gradient(other, parameter)->samples->names();
            TORCH_CHECK_VALUE(names == other_names, "'", options.operation,
                              "' can not join gradients whose samples have different names, got [",
                              comma_list(names), "] and [", comma_list(other_names), "]");
        }
    }
}

/// Gradients along the samples: those of a part follow those of the part before, and point to rows that moved
/// on by as many as the parts before have.
void join_gradient_samples(const Parts& parts, BlockData& joined) {
    for (const auto& [parameter, first_gradient] : parts[0].block->gradients) {
        const auto gradients = gradient_parts(parts, parameter);
        auto rows = sample_rows(gradients);
        int64_t n_before = 0;
        for (size_t i = 0; i < parts.size(); ++i) {
            rows[i].shift = n_before;
            n_before += parts[i].block->values.size(0);
        }
        auto gradient =
            std::make_shared<BlockData>(BlockData{concatenate_values(gradients, 0),
                                                  join_rows(first_gradient->samples->names(), rows, {}),
                                                  first_gradient->components,
                                                  joined.properties,
                                                  {}});
        join_gradient_samples(gradients, *gradient);
        joined.gradients.emplace_back(parameter, std::move(gradient));
    }
}

BlockPtr join_samples(const Parts& parts, const JoinOptions& options) {
    const auto& first = *parts[0].block;
    auto samples = join_rows(first.samples->names(), sample_rows(parts),
                             {options.add_dimension, /*check_unique=*/!options.add_dimension});
    auto joined = std::make_shared<BlockData>(
        BlockData{concatenate_values(parts, 0), std::move(samples), first.components, first.properties, {}});
    join_gradient_samples(parts, *joined);
    return joined;
}

/// Values with their rows at these places of `n_rows`, and 0 elsewhere
torch::Tensor spread_rows(const torch::Tensor& values, const torch::Tensor& places, int64_t n_rows) {
    auto shape = values.sizes().vec();
    shape[0] = n_rows;
    return torch::zeros(shape, values.options()).index_copy(0, places, values);
}

/// Gradients along the properties: on the union of their samples, where row i of part k points to row
/// `moved[k][i]` of the joined block (to row i, if `moved` is empty).
void join_gradient_properties(const Parts& parts, const std::vector<std::vector<int64_t>>& moved,
                              BlockData& joined) {
    for (const auto& [parameter, first_gradient] : parts[0].block->gradients) {
        const auto gradients = gradient_parts(parts, parameter);
        auto gradient = std::make_shared<BlockData>(
            BlockData{{}, first_gradient->samples, first_gradient->components, joined.properties, {}});
        std::vector<std::vector<int64_t>> places;
        const bool same =
            moved.empty() && std::all_of(gradients.begin(), gradients.end(), [&](const auto& part) {
                return part.block->samples == gradient->samples || *part.block->samples == *gradient->samples;
            });
        if (same) {
            gradient->values = concatenate_values(gradients, -1);
        } else {
            std::vector<Labels> samples;
            for (const auto& part : gradients) {
                samples.push_back(part.block->samples);
            }
            auto united = unite_gradient_samples(samples, moved);
            gradient->samples = united.labels;
            std::vector<torch::Tensor> values;
            for (size_t i = 0; i < gradients.size(); ++i) {
                const auto& part = gradients[i].block->values;
                values.push_back(
                    spread_rows(part, int64_tensor(united.places[i], part.device()), united.labels->count()));
            }
            gradient->values = concatenate(values, -1);
            places = std::move(united.places);
        }
        join_gradient_properties(gradients, places, *gradient);
        joined.gradients.emplace_back(parameter, std::move(gradient));
    }
}

std::vector<RowsPart> property_rows(const Parts& parts) {
    std::vector<RowsPart> rows;
    for (const auto& part : parts) {
        rows.push_back({part.block->properties, 0, static_cast<int32_t>(part.index)});
    }
    return rows;
}

/// Properties with different names, as numbers
Labels number_properties(const Parts& parts, const JoinOptions& options) {
    TORCH_CHECK_VALUE(!options.add_dimension, "'", options.operation,
                      "' can not add a dimension to properties with different names, got `add_dimension` '",
                      *options.add_dimension, "'");
    std::vector<RowsPart> rows;
    for (const auto& part : parts) {
        const auto count = part.block->properties->count();
        rows.push_back({LabelsHolder::range("property", count), 0, static_cast<int32_t>(part.index)});
    }
    const auto numbered = join_rows({"property"}, rows, {"joined_index", /*check_unique=*/false});
    return numbered->permute({1, 0})->to(parts[0].block->properties->device());
}

BlockPtr join_properties(const Parts& parts, const JoinOptions& options) {
    const auto& first = *parts[0].block;
    auto properties = options.number_properties
                          ? number_properties(parts, options)
                          : join_rows(first.properties->names(), property_rows(parts),
                                      {options.add_dimension, /*check_unique=*/!options.add_dimension});
    auto joined = std::make_shared<BlockData>(
        BlockData{concatenate_values(parts, -1), first.samples, first.components, std::move(properties), {}});
    join_gradient_properties(parts, {}, *joined);
    return joined;
}

} // namespace

BlockPtr join_parts(const std::vector<JoinPart>& parts, const JoinOptions& options) {
    check_parts(parts, options);
    return options.axis == Axis::samples ? join_samples(parts, options) : join_properties(parts, options);
}

} // namespace metatensor_torch::details
