// SPDX-License-Identifier: BSD-3-Clause
#include "operations/detail/segments.hpp"

#include <algorithm>

#include <torch/csrc/autograd/custom_function.h>

#include "data/derivatives.hpp"
#include "data/labels_data.hpp"
#include "operations/detail/loops.hpp"
#include "operations/detail/memory.hpp"
#include "operations/detail/segment_kernels.hpp"

namespace metatensor_torch::details {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Whether a node of the graph is to be made; not for tangents, which go through functions of torch:
/// functions of ours have no forward mode.
bool needs_graph(const torch::Tensor& values) {
    return torch::GradMode::is_enabled() && values.requires_grad() && !has_tangent(values);
}

bool is_half(const torch::Tensor& values) {
    return values.scalar_type() == torch::kHalf || values.scalar_type() == torch::kBFloat16;
}

torch::Tensor on_device_of(const torch::Tensor& tensor, const torch::Tensor& values) {
    return values.is_cpu() ? tensor : tensor.to(values.device(), /*non_blocking=*/true);
}

/// Longest segment that is summed in one step on a device: one thread walks along it.
constexpr int64_t LONGEST_SEGMENT = 64;

/// Lengths of pieces of at most LONGEST_SEGMENT of segments with these lengths, and the numbers of pieces
std::pair<std::vector<int64_t>, std::vector<int64_t>> cut(const std::vector<int64_t>& lengths) {
    std::vector<int64_t> pieces;
    std::vector<int64_t> counts;
    for (const auto length : lengths) {
        for (int64_t start = 0; start < length; start += LONGEST_SEGMENT) {
            pieces.push_back(std::min(LONGEST_SEGMENT, length - start));
        }
        counts.push_back((length + LONGEST_SEGMENT - 1) / LONGEST_SEGMENT);
    }
    return {std::move(pieces), std::move(counts)};
}

/// Sums of consecutive slices along the first axis, of pieces first, then of those: the order of the
/// additions depends on nothing but the lengths.
torch::Tensor sum_consecutive(torch::Tensor values, std::vector<int64_t> lengths) {
    auto longest = LONGEST_SEGMENT + 1;
    while (longest > LONGEST_SEGMENT) {
        longest = *std::max_element(lengths.begin(), lengths.end());
        auto [pieces, counts] = cut(lengths);
        values = at::segment_reduce(values, "sum", int64_tensor(pieces, values.device()), /*indices=*/{},
                                    /*offsets=*/{}, /*axis=*/0, /*unsafe=*/true, /*initial=*/0);
        lengths = std::move(counts);
    }
    return values;
}

/// Any type and device without a kernel of ours, by functions of torch
torch::Tensor sum_by_index(const torch::Tensor& values, int64_t dim, const RowGroups& groups) {
    auto sizes = values.sizes().vec();
    sizes[dim < 0 ? dim + values.dim() : dim] = groups.n_groups();
    return at::zeros(sizes, values.options())
        .index_add(dim, on_device_of(groups.group_of_row(), values), values);
}

/// The slices in the order of their groups
torch::Tensor in_order_of_groups(const torch::Tensor& values, int64_t dim, const RowGroups& groups) {
    return groups.order().defined() ? values.index_select(dim, on_device_of(groups.order(), values)) : values;
}

/// The slices of each group along an axis of their own, behind `dim`, if all groups have as many
torch::Tensor with_axis_of_groups(const torch::Tensor& values, int64_t dim, const RowGroups& groups) {
    return in_order_of_groups(values, dim, groups).unflatten(dim, {groups.n_groups(), groups.common_size()});
}

/// Whether torch itself reduces the values of each group in one call, always in the same order
bool can_have_axis_of_groups(const torch::Tensor& values, const RowGroups& groups) {
    return values.is_cuda() && values.is_floating_point() && values.numel() > 0 && groups.common_size() > 0;
}

/// The axis of `with_axis_of_groups`
int64_t axis_of_groups(const torch::Tensor& values, int64_t dim) { return dim < 0 ? values.dim() : dim + 1; }

torch::Tensor sum_on_device(const torch::Tensor& values, int64_t dim, const RowGroups& groups) {
    if (values.is_complex()) {
        auto parts = at::view_as_real(values.resolve_conj());
        // the last axis of the values is not the last one any more
        return at::view_as_complex(sum_on_device(dim < 0 ? parts.transpose(-1, -2) : parts, dim, groups)
                                       .transpose(-1, dim < 0 ? -2 : -1)
                                       .contiguous());
    }
    if (is_half(values)) {
        return sum_on_device(values.to(torch::kFloat), dim, groups).to(values.scalar_type());
    }
    if (!values.is_floating_point() || values.numel() == 0) {
        return sum_by_index(values, dim, groups); // exact, so the order does not matter
    }
    if (can_have_axis_of_groups(values, groups)) {
        return with_axis_of_groups(values, dim, groups).sum(axis_of_groups(values, dim));
    }
    const auto rows = in_order_of_groups(values, dim, groups).movedim(dim, 0).contiguous();
    std::vector<int64_t> lengths(groups.n_groups());
    for (size_t group = 0; group < lengths.size(); ++group) {
        lengths[group] = groups.starts()[group + 1] - groups.starts()[group];
    }
    return sum_consecutive(rows, std::move(lengths)).movedim(0, dim).contiguous();
}

torch::Tensor sum_without_graph(const torch::Tensor& values, int64_t dim, const RowGroups& groups) {
    if (has_segment_kernel(values)) {
        return reduce_segments_on_cpu(values, dim, groups, SegmentResult::sum);
    }
    // segment_reduce has no forward mode
    return values.is_cuda() && !has_tangent(values) ? sum_on_device(values, dim, groups)
                                                    : sum_by_index(values, dim, groups);
}

torch::Tensor spread_without_graph(const torch::Tensor& values, int64_t dim, const RowGroups& groups) {
    const auto& group_of_row = groups.group_of_row();
    if (!is_plain_memory(values)) {
        return values.index_select(dim, on_device_of(group_of_row, values));
    }
    return gather_on_host(values, dim,
                          {group_of_row.const_data_ptr<int64_t>(), static_cast<size_t>(groups.n_rows())});
}

RowGroupsPtr saved_groups(AutogradContext* context) {
    return c10::static_intrusive_pointer_cast<RowGroups>(context->saved_data["groups"].toCapsule());
}

void save(AutogradContext* context, int64_t dim, const RowGroupsPtr& groups) {
    context->saved_data["groups"] = torch::IValue::make_capsule(groups);
    context->saved_data["dim"] = dim;
}

/// `values` over the number of slices in each group; in float32 where the number does not fit their type
torch::Tensor over_sizes(const torch::Tensor& values, int64_t dim, const RowGroups& groups) {
    return (values / factor_along(groups.sizes(), values, dim)).to(values.scalar_type());
}

torch::Tensor mean_without_graph(const torch::Tensor& values, int64_t dim, const RowGroups& groups) {
    if (has_segment_kernel(values)) {
        return reduce_segments_on_cpu(values, dim, groups, SegmentResult::mean);
    }
    const auto numbers = is_half(values) ? values.to(torch::kFloat) : values;
    if (can_have_axis_of_groups(numbers, groups)) {
        const auto mean = with_axis_of_groups(numbers, dim, groups).mean(axis_of_groups(numbers, dim));
        return mean.to(values.scalar_type());
    }
    return over_sizes(sum_without_graph(numbers, dim, groups), dim, groups).to(values.scalar_type());
}

class SumSegments : public torch::autograd::Function<SumSegments> {
  public:
    static torch::Tensor forward(AutogradContext* context, const torch::Tensor& values, int64_t dim,
                                 const RowGroupsPtr& groups) {
        save(context, dim, groups);
        return sum_without_graph(values, dim, *groups);
    }

    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        return {
            spread_segments(gradients[0], context->saved_data["dim"].toInt(), saved_groups(context)), {}, {}};
    }
};

class MeanOfSegments : public torch::autograd::Function<MeanOfSegments> {
  public:
    static torch::Tensor forward(AutogradContext* context, const torch::Tensor& values, int64_t dim,
                                 const RowGroupsPtr& groups) {
        save(context, dim, groups);
        return mean_without_graph(values, dim, *groups);
    }

    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        const auto dim = context->saved_data["dim"].toInt();
        const auto groups = saved_groups(context);
        return {spread_segments(over_sizes(gradients[0], dim, *groups), dim, groups), {}, {}};
    }
};

class SpreadSegments : public torch::autograd::Function<SpreadSegments> {
  public:
    static torch::Tensor forward(AutogradContext* context, const torch::Tensor& values, int64_t dim,
                                 const RowGroupsPtr& groups) {
        save(context, dim, groups);
        return spread_without_graph(values, dim, *groups);
    }

    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        return {
            sum_segments(gradients[0], context->saved_data["dim"].toInt(), saved_groups(context)), {}, {}};
    }
};

torch::Tensor mean_of(const torch::Tensor& values, int64_t dim, const RowGroupsPtr& groups) {
    return needs_graph(values) ? MeanOfSegments::apply(values, dim, groups)
                               : mean_without_graph(values, dim, *groups);
}

torch::Tensor variance_without_graph(const torch::Tensor& values, int64_t dim, const RowGroupsPtr& groups) {
    if (has_segment_kernel(values)) {
        return reduce_segments_on_cpu(values, dim, *groups, SegmentResult::variance);
    }
    const auto numbers = is_half(values) ? values.to(torch::kFloat) : values;
    if (can_have_axis_of_groups(numbers, *groups)) {
        const auto axis = axis_of_groups(numbers, dim);
        const auto variance = at::var(with_axis_of_groups(numbers, dim, *groups), torch::IntArrayRef(axis),
                                      /*unbiased=*/false);
        return variance.to(values.scalar_type());
    }
    const auto differences =
        numbers - spread_without_graph(mean_without_graph(numbers, dim, *groups), dim, *groups);
    return mean_without_graph(differences * differences.conj(), dim, *groups).to(values.scalar_type());
}

class VarianceOfSegments : public torch::autograd::Function<VarianceOfSegments> {
  public:
    static torch::Tensor forward(AutogradContext* context, const torch::Tensor& values, int64_t dim,
                                 const RowGroupsPtr& groups) {
        save(context, dim, groups);
        context->save_for_backward({values});
        return variance_without_graph(values, dim, groups);
    }

    // dv / dx_i = 2 (x_i - mean) / n: what x_i does to the mean does not change the sum of squares
    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        const auto dim = context->saved_data["dim"].toInt();
        const auto groups = saved_groups(context);
        const auto values = context->get_saved_variables()[0];
        const auto gradient = values.is_complex() ? at::real(gradients[0]) : gradients[0];
        const auto factor = over_sizes(2 * gradient, dim, *groups);
        const auto differences = values - spread_segments(mean_of(values, dim, groups), dim, groups);
        return {differences * spread_segments(factor, dim, groups), {}, {}};
    }
};

torch::Tensor as_floating_point(const torch::Tensor& values) {
    return c10::isIntegralType(values.scalar_type(), /*includeBool=*/true)
               ? values.to(c10::get_default_dtype_as_scalartype())
               : values;
}

} // namespace

torch::Tensor factor_along(const torch::Tensor& tensor, const torch::Tensor& values, int64_t dim) {
    std::vector<int64_t> shape(values.dim(), 1);
    shape[dim < 0 ? dim + values.dim() : dim] = tensor.numel();
    const auto type = is_half(values) ? torch::kFloat : c10::toRealValueType(values.scalar_type());
    return on_device_of(tensor, values).to(type).view(shape);
}

torch::Tensor sum_segments(const torch::Tensor& values, int64_t dim, const RowGroupsPtr& groups) {
    return needs_graph(values) ? SumSegments::apply(values, dim, groups)
                               : sum_without_graph(values, dim, *groups);
}

torch::Tensor spread_segments(const torch::Tensor& values, int64_t dim, const RowGroupsPtr& groups) {
    return needs_graph(values) ? SpreadSegments::apply(values, dim, groups)
                               : spread_without_graph(values, dim, *groups);
}

torch::Tensor mean_segments(const torch::Tensor& values, int64_t dim, const RowGroupsPtr& groups) {
    return mean_of(as_floating_point(values), dim, groups);
}

torch::Tensor variance_segments(const torch::Tensor& values, int64_t dim, const RowGroupsPtr& groups) {
    const auto numbers = as_floating_point(values);
    return needs_graph(numbers) ? VarianceOfSegments::apply(numbers, dim, groups)
                                : variance_without_graph(numbers, dim, groups);
}

torch::Tensor root_of_variance(const torch::Tensor& variance) {
    if (!is_differentiated(variance)) {
        return variance.sqrt();
    }
    const auto zero = variance.detach() == 0;
    return variance.masked_fill(zero, 1).sqrt().masked_fill(zero, 0);
}

} // namespace metatensor_torch::details
