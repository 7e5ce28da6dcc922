// SPDX-License-Identifier: BSD-3-Clause
#include "data/assemble.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "data/derivatives.hpp"
#include "data/empty_on_host.hpp"

namespace metatensor_torch::details {

namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// All that is known about a tensor to be assembled but the values
struct Plan final : torch::CustomClassHolder {
    std::vector<PartOfWhole> parts;
    /// number of rows and columns of each part
    std::vector<std::pair<int64_t, int64_t>> sizes;
    std::vector<int64_t> shape;
    torch::Scalar fill_value;
};

/// Copies elements of `SIZE` bytes to the given places.
template <size_t SIZE>
void scatter_elements(const char* source, const int64_t* places, int64_t count, char* target) {
    for (int64_t j = 0; j < count; ++j) {
        std::memcpy(target + places[j] * SIZE, source + j * SIZE, SIZE);
    }
}

using Scatter = void (*)(const char*, const int64_t*, int64_t, char*);

Scatter scatter_of(size_t element_size) {
    switch (element_size) {
    case 1:
        return &scatter_elements<1>;
    case 2:
        return &scatter_elements<2>;
    case 4:
        return &scatter_elements<4>;
    case 8:
        return &scatter_elements<8>;
    default:
        return &scatter_elements<16>;
    }
}

/// Places of the rows of a part, on the host; null for `first_row`, `first_row` + 1, ...
const int64_t* rows_of(const PartOfWhole& part) {
    return part.rows.defined() ? part.rows.const_data_ptr<int64_t>() + part.rows_begin : nullptr;
}

/// The same as a tensor [n_rows] on any device, if they are defined
Tensor rows_of(const PartOfWhole& part, int64_t n_rows, torch::Device device) {
    return part.rows.narrow(0, part.rows_begin, n_rows).to(device, /*non_blocking=*/true);
}

/// Copies `values` to its part of `whole`; both are contiguous and on the host.
void copy_on_host(const Tensor& values, const PartOfWhole& part, const Tensor& whole) {
    if (values.numel() == 0) {
        return;
    }
    const auto element_size = static_cast<int64_t>(values.element_size());
    const auto n_columns = values.size(-1);
    const auto n_between = values.numel() / (values.size(0) * n_columns);
    const auto source_size = n_columns * element_size;
    const auto target_size = whole.size(-1) * element_size;
    const auto* source = static_cast<const char*>(values.const_data_ptr());
    auto* const target = static_cast<char*>(whole.data_ptr());
    const auto* const rows = rows_of(part);
    const auto* const columns = part.columns.defined() ? part.columns.const_data_ptr<int64_t>() : nullptr;
    const auto scatter = scatter_of(values.element_size());

    const bool whole_rows = columns == nullptr && source_size == target_size;
    if (whole_rows && rows == nullptr) {
        std::memcpy(target + part.first_row * n_between * target_size, source, values.nbytes());
        return;
    }
    for (int64_t i = 0; i < values.size(0); ++i) {
        auto* row = target + (rows != nullptr ? rows[i] : part.first_row + i) * n_between * target_size;
        if (whole_rows) {
            std::memcpy(row, source, n_between * source_size);
            source += n_between * source_size;
            continue;
        }
        for (int64_t k = 0; k < n_between; ++k, source += source_size, row += target_size) {
            if (columns != nullptr) {
                scatter(source, columns, n_columns, row);
            } else {
                std::memcpy(row + static_cast<size_t>(part.first_column) * element_size, source, source_size);
            }
        }
    }
}

/// The same on any device
void copy_on_device(const Tensor& values, const PartOfWhole& part, const Tensor& whole) {
    if (part.columns.defined()) {
        const auto columns = part.columns.to(values.device(), /*non_blocking=*/true);
        const auto rows = part.rows.defined() ? rows_of(part, values.size(0), values.device())
                                              : torch::arange(part.first_row, part.first_row + values.size(0),
                                                              columns.options());
        // columns become the second axis, so that both places are beside each other
        whole.movedim(-1, 1).index_put_({rows.unsqueeze(1), columns.unsqueeze(0)}, values.movedim(-1, 1));
        return;
    }
    const auto target = whole.narrow(-1, part.first_column, values.size(-1));
    if (part.rows.defined()) {
        target.index_copy_(0, rows_of(part, values.size(0), values.device()), values);
    } else {
        target.narrow(0, part.first_row, values.size(0)).copy_(values);
    }
}

/// Whether elements can be copied as bytes
bool is_plain(const Tensor& values) {
    return values.is_cpu() && values.layout() == torch::kStrided && !values.is_conj() && !values.is_neg() &&
           values.has_storage() && !has_tangent(values);
}

/// A part whose rows ascend, on the way from the first to the last of them
struct Walk {
    const char* source;
    const int64_t* rows; // null for `first_row`, `first_row` + 1, ...
    int64_t first_row;
    int64_t n_rows;
    int64_t at;
    size_t offset; // in a row of the whole
    size_t size;   // of a row, both in bytes

    bool is_in(int64_t row) const {
        return at < n_rows && (rows != nullptr ? rows[at] : first_row + at) == row;
    }
};

/// Walks over parts that lie side by side, from left to right, with ascending rows; none if they do not.
std::vector<Walk> walks_over(const std::vector<Tensor>& values, const Plan& plan) {
    std::vector<Walk> walks;
    size_t end = 0;
    for (size_t k = 0; k < values.size(); ++k) {
        const auto& part = plan.parts[k];
        const auto element_size = values[k].element_size();
        const Walk walk{static_cast<const char*>(values[k].const_data_ptr()),
                        rows_of(part),
                        part.first_row,
                        values[k].size(0),
                        0,
                        static_cast<size_t>(part.first_column) * element_size,
                        static_cast<size_t>(values[k].size(-1)) * element_size};
        if (part.columns.defined() || walk.offset < end ||
            (walk.rows != nullptr && !std::is_sorted(walk.rows, walk.rows + walk.n_rows))) {
            return {};
        }
        end = walk.offset + walk.size;
        walks.push_back(walk);
    }
    return walks;
}

/// Writes each row of `whole` once: where there is no part, the fill value.
void copy_and_fill_rows(std::vector<Walk> walks, const Tensor& whole, const torch::Scalar& fill_value) {
    const auto filled_row = torch::full({whole.size(-1)}, fill_value, whole.options());
    const auto* const filling = static_cast<const char*>(filled_row.const_data_ptr());
    const size_t row_size = filled_row.nbytes();
    const auto n_between = whole.numel() / (whole.size(0) * whole.size(-1));
    auto* target = static_cast<char*>(whole.data_ptr());
    for (int64_t i = 0; i < whole.size(0); ++i) {
        for (int64_t k = 0; k < n_between; ++k, target += row_size) {
            size_t end = 0;
            for (auto& walk : walks) {
                std::memcpy(target + end, filling, walk.offset - end);
                const auto* source = walk.is_in(i) ? walk.source + k * walk.size : filling;
                std::memcpy(target + walk.offset, source, walk.size);
                end = walk.offset + walk.size;
            }
            std::memcpy(target + end, filling, row_size - end);
        }
        for (auto& walk : walks) {
            const bool used = walk.is_in(i);
            walk.source += used ? n_between * walk.size : 0;
            walk.at += static_cast<int64_t>(used);
        }
    }
}

Tensor new_whole(const Plan& plan, const Tensor& like) {
    auto whole = torch::empty(plan.shape, like.options().requires_grad(false));
    if (is_plain(whole)) {
        prefer_huge_pages(whole);
    }
    return whole;
}

Tensor assemble_values(at::TensorList values, const Plan& plan) {
    int64_t n_values = 0;
    for (const auto& part : values) {
        n_values += part.numel();
    }
    auto whole = new_whole(plan, values[0]);
    if (n_values != whole.numel()) {
        if (std::all_of(values.begin(), values.end(), is_plain)) {
            std::vector<Tensor> contiguous;
            for (const auto& part : values) {
                contiguous.push_back(part.contiguous());
            }
            if (auto walks = walks_over(contiguous, plan); !walks.empty()) {
                copy_and_fill_rows(std::move(walks), whole, plan.fill_value);
                return whole;
            }
        }
        whole.fill_(plan.fill_value);
    }
    for (size_t k = 0; k < values.size(); ++k) {
        if (is_plain(values[k])) {
            copy_on_host(values[k].contiguous(), plan.parts[k], whole);
        } else {
            copy_on_device(values[k], plan.parts[k], whole);
        }
    }
    return whole;
}

/// Values of one part of `whole`
Tensor take_part(const Tensor& whole, const PartOfWhole& part, std::pair<int64_t, int64_t> size) {
    const auto [n_rows, n_columns] = size;
    const auto of_columns =
        part.columns.defined()
            ? whole.index_select(-1, part.columns.to(whole.device(), /*non_blocking=*/true))
            : whole.narrow(-1, part.first_column, n_columns);
    return part.rows.defined() ? of_columns.index_select(0, rows_of(part, n_rows, whole.device()))
                               : of_columns.narrow(0, part.first_row, n_rows);
}

/// One node of the graph for all parts: the derivative with respect to each of them is its part of the
/// derivative with respect to the whole.
struct Assembly : torch::autograd::Function<Assembly> {
    static Tensor forward(AutogradContext* context, at::TensorList values,
                          const torch::intrusive_ptr<Plan>& plan) {
        context->saved_data["plan"] = torch::IValue::make_capsule(plan);
        return assemble_values(values, *plan);
    }

    static variable_list backward(AutogradContext* context, const variable_list& derivatives) {
        const auto capsule = context->saved_data["plan"].toCapsule();
        const auto& plan = static_cast<const Plan&>(*capsule);
        variable_list result(plan.parts.size() + 1); // the plan has none
        for (size_t k = 0; k < plan.parts.size(); ++k) {
            if (context->needs_input_grad(k) && derivatives[0].defined()) {
                result[k] = take_part(derivatives[0], plan.parts[k], plan.sizes[k]);
            }
        }
        return result;
    }
};

} // namespace

Tensor assemble(const std::vector<Tensor>& values, std::vector<PartOfWhole> parts, std::vector<int64_t> shape,
                const torch::Scalar& fill_value) {
    auto plan = torch::make_intrusive<Plan>();
    plan->parts = std::move(parts);
    plan->shape = std::move(shape);
    plan->fill_value = fill_value;
    bool has_graph = false;
    bool has_tangents = false;
    for (const auto& part : values) {
        plan->sizes.emplace_back(part.size(0), part.size(-1));
        has_graph = has_graph || part.requires_grad();
        has_tangents = has_tangents || has_tangent(part);
    }
    // a function of ours has no forward mode: tangents go through those of torch
    if (has_graph && !has_tangents && torch::GradMode::is_enabled()) {
        return Assembly::apply(at::TensorList(values), plan);
    }
    return assemble_values(values, *plan);
}

} // namespace metatensor_torch::details
