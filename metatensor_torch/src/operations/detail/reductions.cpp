// SPDX-License-Identifier: BSD-3-Clause
#include "operations/detail/reductions.hpp"

#include "data/labels_data.hpp"
#include "operations/detail/arguments.hpp"
#include "operations/detail/blocks.hpp"
#include "operations/detail/chain_rule.hpp"
#include "operations/detail/grouped_labels.hpp"
#include "operations/detail/segments.hpp"

namespace metatensor_torch::details {

namespace {

bool is_linear(Statistic statistic) { return statistic == Statistic::sum || statistic == Statistic::mean; }

/// A variance has the square of the unit of the values.
Info info_for(const TensorMap& tensor, Statistic statistic) {
    return statistic == Statistic::variance ? Info() : tensor->info_entries();
}

torch::Tensor reduce(const torch::Tensor& values, int64_t dim, const RowGroupsPtr& groups,
                     Statistic statistic) {
    switch (statistic) {
    case Statistic::sum:
        return sum_segments(values, dim, groups);
    case Statistic::mean:
        return mean_segments(values, dim, groups);
    default:
        return variance_segments(values, dim, groups);
    }
}

/// What each entry of a gradient contributes to the sum of (x - mean) dx: its real part for complex values
torch::Tensor covariances(const torch::Tensor& differences, const BlockData& gradient) {
    const auto terms = values_of_rows(differences.conj(), gradient) * gradient.values;
    return terms.is_complex() ? at::complex(at::real(terms), at::zeros_like(at::real(terms))) : terms;
}

/// Values of a block minus the mean of their group
torch::Tensor differences_from_mean(const torch::Tensor& values, int64_t dim, const RowGroupsPtr& groups) {
    return values - spread_segments(mean_segments(values, dim, groups), dim, groups);
}

/// 1 where a standard deviation is 0, since the sum that is divided by it is 0 there too
torch::Tensor without_zeros(const torch::Tensor& deviation) {
    return deviation.masked_fill(deviation.detach() == 0, 1);
}

// --- samples

/// Number of samples in the group of each entry of a gradient, and so on for its gradients
torch::Tensor sizes_at(const torch::Tensor& sizes, const Labels& gradient_samples) {
    if (sizes.is_cpu() && gradient_samples->data()->on_host()) {
        return sizes.index_select(0, gradient_samples->data()->host_tensor().select(1, 0));
    }
    const auto& rows = gradient_samples->values();
    return sizes.to(rows.device(), /*non_blocking=*/true).index_select(0, rows.select(1, 0));
}

/// `values`, which nothing else refers to, over `divisor`: large results are not made twice
torch::Tensor divided_by(torch::Tensor values, const torch::Tensor& divisor) {
    const bool in_place = values.is_floating_point() && !values.requires_grad();
    return in_place ? values.div_(divisor) : values / divisor;
}

/// Gradients of a sum or mean over samples. A mean divides by the number of samples of the block in the
/// group, `sizes` (undefined for a sum), however many of them have an entry in the gradient: the others have
/// a gradient of zero.
void reduce_linear_gradients(const BlockData& block, LabelsGrouping& grouping, const RowGroupsPtr& groups,
                             const torch::Tensor& sizes, BlockData& reduced) {
    for (const auto& [parameter, gradient] : block.gradients) {
        const auto& grouped = grouping.group_gradient(gradient->samples, groups);
        auto values = sum_segments(gradient->values, 0, grouped.groups);
        const auto gradient_sizes = sizes.defined() ? sizes_at(sizes, grouped.labels) : sizes;
        if (sizes.defined()) {
            values =
                divided_by(values, factor_along(gradient_sizes, values, 0)).to(reduced.values.scalar_type());
        }
        auto result = std::make_shared<BlockData>(BlockData{std::move(values),
                                                            named_like(grouped.labels, gradient->samples),
                                                            gradient->components,
                                                            gradient->properties,
                                                            {}});
        reduce_linear_gradients(*gradient, grouping, grouped.groups, gradient_sizes, *result);
        reduced.gradients.emplace_back(parameter, std::move(result));
    }
}

/// Gradients of the variance, 2 / n sum (x - mean) dx, or of its root s, 1 / (n s) sum (x - mean) dx
void reduce_variance_gradients(const BlockData& block, LabelsGrouping& grouping, const RowGroupsPtr& groups,
                               Statistic statistic, BlockData& reduced) {
    if (block.gradients.empty()) {
        return;
    }
    const auto differences = differences_from_mean(block.values, 0, groups);
    const auto sizes = groups->sizes();
    for (const auto& [parameter, gradient] : block.gradients) {
        const auto& grouped = grouping.group_gradient(gradient->samples, groups);
        auto values = sum_segments(covariances(differences, *gradient), 0, grouped.groups);
        values = divided_by(values, factor_along(sizes_at(sizes, grouped.labels), values, 0));
        auto result = std::make_shared<BlockData>(BlockData{{},
                                                            named_like(grouped.labels, gradient->samples),
                                                            gradient->components,
                                                            gradient->properties,
                                                            {}});
        if (statistic == Statistic::variance) {
            values = 2 * values;
        } else {
            result->values = values;
            values = values / values_of_rows(without_zeros(reduced.values), *result);
        }
        result->values = values.to(reduced.values.scalar_type());
        reduced.gradients.emplace_back(parameter, std::move(result));
    }
}

BlockPtr reduce_samples(const char* operation, const BlockData& block, LabelsGrouping& grouping,
                        Statistic statistic) {
    const auto& grouped = grouping.group(block.samples);
    auto values = reduce(block.values, 0, grouped.groups, statistic);
    if (statistic == Statistic::standard_deviation) {
        values = root_of_variance(values);
    }
    auto reduced = std::make_shared<BlockData>(
        BlockData{std::move(values), grouped.labels, block.components, block.properties, {}});
    if (is_linear(statistic)) {
        const auto sizes = statistic == Statistic::mean ? grouped.groups->sizes() : torch::Tensor();
        reduce_linear_gradients(block, grouping, grouped.groups, sizes, *reduced);
    } else {
        refuse_nested_gradients(operation, block);
        reduce_variance_gradients(block, grouping, grouped.groups, statistic, *reduced);
    }
    return reduced;
}

// --- properties

void reduce_linear_gradients(const BlockData& block, const GroupedLabels& properties, Statistic statistic,
                             BlockData& reduced) {
    for (const auto& [parameter, gradient] : block.gradients) {
        auto result =
            std::make_shared<BlockData>(BlockData{reduce(gradient->values, -1, properties.groups, statistic),
                                                  gradient->samples,
                                                  gradient->components,
                                                  properties.labels,
                                                  {}});
        reduce_linear_gradients(*gradient, properties, statistic, *result);
        reduced.gradients.emplace_back(parameter, std::move(result));
    }
}

/// The same formulas as along samples; each entry of the gradient stays one.
void reduce_variance_gradients(const BlockData& block, const GroupedLabels& properties, Statistic statistic,
                               BlockData& reduced) {
    if (block.gradients.empty()) {
        return;
    }
    const auto differences = differences_from_mean(block.values, -1, properties.groups);
    for (const auto& [parameter, gradient] : block.gradients) {
        auto values = mean_segments(covariances(differences, *gradient), -1, properties.groups);
        if (statistic == Statistic::variance) {
            values = 2 * values;
        } else {
            values = values / values_of_rows(without_zeros(reduced.values), *gradient);
        }
        reduced.gradients.emplace_back(
            parameter,
            std::make_shared<BlockData>(BlockData{
                std::move(values), gradient->samples, gradient->components, properties.labels, {}}));
    }
}

BlockPtr reduce_properties(const char* operation, const BlockData& block, LabelsGrouping& grouping,
                           Statistic statistic) {
    const auto& grouped = grouping.group(block.properties);
    auto values = reduce(block.values, -1, grouped.groups, statistic);
    if (statistic == Statistic::standard_deviation) {
        values = root_of_variance(values);
    }
    auto reduced = std::make_shared<BlockData>(
        BlockData{std::move(values), block.samples, block.components, grouped.labels, {}});
    if (is_linear(statistic)) {
        reduce_linear_gradients(block, grouped, statistic, *reduced);
    } else {
        refuse_nested_gradients(operation, block);
        reduce_variance_gradients(block, grouped, statistic, *reduced);
    }
    return reduced;
}

template <typename Reduce>
TensorMap reduce_blocks(const TensorMap& tensor, Statistic statistic, const Reduce& reduce_block) {
    Blocks blocks;
    blocks.reserve(tensor->data().size());
    for (const auto& block : tensor->data()) {
        blocks.push_back(reduce_block(*block));
    }
    return make_map(tensor->keys(), std::move(blocks), info_for(tensor, statistic));
}

} // namespace

TensorMap reduce_samples(const char* operation, const TensorMap& tensor, const torch::IValue& names,
                         Statistic statistic) {
    const auto removed = strings_in(operation, "sample_names", names);
    if (tensor->data().empty()) {
        return make_map(tensor->keys(), {}, info_for(tensor, statistic));
    }
    LabelsGrouping grouping(operation, "samples", tensor->sample_names(), removed);
    std::vector<const BlockData*> blocks;
    for (const auto& block : tensor->data()) {
        blocks.push_back(block.get());
    }
    grouping.prepare(blocks);
    return reduce_blocks(tensor, statistic, [&](const BlockData& block) {
        return reduce_samples(operation, block, grouping, statistic);
    });
}

TensorBlock reduce_samples(const char* operation, const TensorBlock& block, const torch::IValue& names,
                           Statistic statistic) {
    const auto removed = strings_in(operation, "sample_names", names);
    LabelsGrouping grouping(operation, "samples", block->samples()->names(), removed);
    grouping.prepare({&block->data()});
    return TensorBlockHolder::own(reduce_samples(operation, block->data(), grouping, statistic));
}

TensorMap reduce_properties(const char* operation, const TensorMap& tensor, const torch::IValue& names,
                            Statistic statistic) {
    const auto removed = strings_in(operation, "property_names", names);
    if (tensor->data().empty()) {
        return make_map(tensor->keys(), {}, info_for(tensor, statistic));
    }
    LabelsGrouping grouping(operation, "properties", tensor->property_names(), removed);
    return reduce_blocks(tensor, statistic, [&](const BlockData& block) {
        return reduce_properties(operation, block, grouping, statistic);
    });
}

TensorBlock reduce_properties(const char* operation, const TensorBlock& block, const torch::IValue& names,
                              Statistic statistic) {
    const auto removed = strings_in(operation, "property_names", names);
    LabelsGrouping grouping(operation, "properties", block->properties()->names(), removed);
    return TensorBlockHolder::own(reduce_properties(operation, block->data(), grouping, statistic));
}

} // namespace metatensor_torch::details
