// SPDX-License-Identifier: BSD-3-Clause
#include <limits>

#include "check.hpp"
#include "data/labels_data.hpp"
#include "metatensor/torch/operations/dimensions.hpp"
#include "operations/detail/change_labels.hpp"

namespace metatensor_torch {

namespace {

using details::Axis;

/// New dimension of labels
struct Dimension {
    std::string name;
    /// labels of this dimension only; without them all entries have the value `constant`
    Labels values;
    int32_t constant = 0;
};

Dimension parse_dimension(const char* operation, const std::string& name, const torch::IValue& values) {
    if (values.isTensor()) {
        const auto& tensor = values.toTensor();
        TORCH_CHECK_VALUE(tensor.dim() == 1, "`values` of '", operation,
                          "' must be an integer or a 1D tensor, got shape ", shape_text(tensor.sizes()));
        return {name, torch::make_intrusive<LabelsHolder>(std::vector<std::string>{name}, tensor.unsqueeze(1),
                                                          metatensor::assume_unique{})};
    }
    TORCH_CHECK_TYPE(values.isInt(), "`values` of '", operation,
                     "' must be an integer or a tensor of integers, got ", values.type()->repr_str());
    const auto constant = values.toInt();
    TORCH_CHECK_VALUE(constant == static_cast<int32_t>(constant), "`values` of '", operation,
                      "' must fit in 32-bit integers, got ", constant);
    return {name, Labels(), static_cast<int32_t>(constant)};
}

void check_length(const char* operation, const LabelsHolder& labels, const LabelsHolder& values) {
    TORCH_CHECK_VALUE(values.count() == labels.count(), "`values` of '", operation,
                      "' must have one value for each of the ", labels.count(), " entries, got ",
                      values.count());
    TORCH_CHECK_VALUE(values.device() == labels.device(), "`values` of '", operation,
                      "' must be on the device of the labels, ", labels.device(), ", got ", values.device());
}

/// Rows with one more column, on the host if the rows and values are there
torch::Tensor insert_column(const LabelsHolder& labels, int64_t index, const Dimension& added) {
    if (labels.data()->on_host() && (!added.values || added.values->data()->on_host())) {
        auto columns = details::host_columns(labels);
        columns.insert(columns.begin() + index, added.values
                                                    ? details::Column{added.values->data()->host().data, 1}
                                                    : details::Column{&added.constant, 0});
        return details::rows_of(columns, labels.count());
    }
    const auto& rows = labels.values();
    const auto column = added.values ? added.values->values()
                                     : torch::full({rows.size(0), 1}, added.constant, rows.options());
    return torch::cat({rows.narrow(1, 0, index), column, rows.narrow(1, index, rows.size(1) - index)}, 1);
}

/// `index` none stands for the end.
TensorMap add_dimension(const char* operation, const TensorMap& tensor, const std::string& axis,
                        std::optional<int64_t> index, const std::string& name, const torch::IValue& values) {
    const auto where = details::axis_in(operation, axis, {Axis::keys, Axis::samples, Axis::properties});
    const auto added = parse_dimension(operation, name, values);
    std::vector<std::string> names;
    return details::change_labels(tensor, where, [&](const Labels& labels) {
        const auto place = index.value_or(labels->size());
        TORCH_CHECK_INDEX(place >= 0 && place <= labels->size(), "`index` of '", operation,
                          "' must be in [0, ", labels->size(), "], got ", place);
        if (added.values) {
            check_length(operation, *labels, *added.values);
        }
        if (names.empty()) {
            names = labels->names();
            names.insert(names.begin() + place, name);
            details::check_names(names);
        }
        return details::labels_of(names, insert_column(*labels, place, added), labels->device());
    });
}

} // namespace

TensorMap insert_dimension(const TensorMap& tensor, const std::string& axis, int64_t index,
                           const std::string& name, const torch::IValue& values) {
    return add_dimension("insert_dimension", tensor, axis, index, name, values);
}

TensorMap append_dimension(const TensorMap& tensor, const std::string& axis, const std::string& name,
                           const torch::IValue& values) {
    return add_dimension("append_dimension", tensor, axis, std::nullopt, name, values);
}

} // namespace metatensor_torch
