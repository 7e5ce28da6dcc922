// SPDX-License-Identifier: BSD-3-Clause
// Labels with more, fewer, other or renamed dimensions
#include <algorithm>

#include "check.hpp"
#include "data/labels_data.hpp"
#include "metatensor/torch/labels.hpp"

namespace metatensor_torch {

namespace {

int64_t dimension_index(const std::vector<std::string>& names, const std::string& name, const char* of) {
    const auto found = std::find(names.begin(), names.end(), name);
    TORCH_CHECK_VALUE(found != names.end(), "there is no dimension '", name, "' in ", of, ", only [",
                      comma_list(names), "]");
    return found - names.begin();
}

/// Rows where they can be read without waiting for a device
torch::Tensor cheapest_rows(const LabelsHolder& labels) {
    return labels.data()->on_host() ? labels.data()->host_tensor() : labels.values();
}

} // namespace

torch::Tensor LabelsHolder::column(const std::string& dimension) const {
    return values_.select(1, dimension_index(names_, dimension, "these Labels"));
}

Labels LabelsHolder::append(std::string name, torch::Tensor values) const {
    return insert(size(), std::move(name), std::move(values));
}

Labels LabelsHolder::insert(int64_t index, std::string name, torch::Tensor values) const {
    TORCH_CHECK_INDEX(index >= 0 && index <= size(), "index ", index, " of the new dimension must be in [0, ",
                      size(), "]");
    TORCH_CHECK_VALUE(values.dim() == 1, "the values of a dimension must be a 1D tensor, got shape ",
                      shape_text(values.sizes()));
    TORCH_CHECK_VALUE(values.size(0) == count(), "a new dimension of these Labels must have ", count(),
                      " values, got ", values.size(0));
    TORCH_CHECK_VALUE(values.device() == device(), "a new dimension of these Labels must be on device ",
                      device(), ", got ", values.device());
    // one column of labels: checked and converted like all labels
    const auto added =
        LabelsHolder(std::vector<std::string>{name}, values.unsqueeze(1), metatensor::assume_unique{});
    auto names = names_;
    names.insert(names.begin() + index, std::move(name));
    auto rows = torch::cat(
        {values_.narrow(1, 0, index), added.values(), values_.narrow(1, index, size() - index)}, 1);
    return torch::make_intrusive<LabelsHolder>(std::move(names), std::move(rows),
                                               metatensor::assume_unique{});
}

Labels LabelsHolder::permute(const std::vector<int64_t>& dimensions_indexes) const {
    TORCH_CHECK_VALUE(static_cast<int64_t>(dimensions_indexes.size()) == size(),
                      "there must be an index for each of the ", size(), " dimensions of these Labels, got ",
                      dimensions_indexes.size());
    std::vector<std::string> names;
    std::vector<torch::Tensor> columns;
    const auto rows = cheapest_rows(*this);
    for (const auto index : dimensions_indexes) {
        TORCH_CHECK_INDEX(index >= -size() && index < size(), "index ", index,
                          " is out of range for Labels with ", size(), " dimensions");
        const auto dimension = index < 0 ? index + size() : index;
        names.push_back(names_[dimension]);
        columns.push_back(rows.select(1, dimension));
    }
    auto permuted = columns.empty() ? rows : torch::stack(columns, 1);
    return LabelsHolder(std::move(names), std::move(permuted), metatensor::assume_unique{}).to(device());
}

Labels LabelsHolder::remove(const std::string& name) const {
    const auto dimension = dimension_index(names_, name, "these Labels");
    auto names = names_;
    names.erase(names.begin() + dimension);
    const auto rows = cheapest_rows(*this);
    auto remaining =
        torch::cat({rows.narrow(1, 0, dimension), rows.narrow(1, dimension + 1, size() - dimension - 1)}, 1);
    return LabelsHolder(std::move(names), std::move(remaining)).to(device());
}

Labels LabelsHolder::rename(const std::string& old_name, std::string new_name) const {
    auto names = names_;
    names[dimension_index(names_, old_name, "these Labels")] = std::move(new_name);
    // an empty set checks the names
    const LabelsHolder checked(names, torch::empty({0, size()}, torch::kInt), metatensor::assume_unique{});
    return torch::make_intrusive<LabelsHolder>(std::move(names), values_, data_);
}

LabelsEntryHolder::LabelsEntryHolder(Labels labels, int64_t index)
    : labels_(std::move(labels)), index_(index) {
    const auto count = labels_->count();
    if (index < -count || index >= count) {
        // ends the iteration over labels in Python, so it must be cheap: this constructor takes no backtrace
        throw c10::IndexError("index " + std::to_string(index) + " is out of range for Labels with " +
                                  std::to_string(count) + " entries",
                              nullptr);
    }
    index_ = index < 0 ? index + count : index;
}

const int32_t* LabelsEntryHolder::host_values() const { return labels_->data()->host()[index_]; }

int32_t LabelsEntryHolder::operator[](int64_t index) const {
    TORCH_CHECK_INDEX(index >= -size() && index < size(), "index ", index,
                      " is out of range for a LabelsEntry with ", size(), " dimensions");
    return host_values()[index < 0 ? index + size() : index];
}

int32_t LabelsEntryHolder::operator[](const std::string& name) const {
    return host_values()[dimension_index(names(), name, "this LabelsEntry")];
}

int64_t LabelsEntryHolder::getitem(const torch::IValue& index) const {
    if (index.isString()) {
        return (*this)[index.toStringRef()];
    }
    TORCH_CHECK_TYPE(index.isInt(), "the index of a LabelsEntry must be an int or a str, got ",
                     index.type()->repr_str());
    return (*this)[index.toInt()];
}

bool LabelsEntryHolder::operator==(const LabelsEntryHolder& other) const {
    return names() == other.names() && details::same_row(host_values(), other.host_values(), size());
}

} // namespace metatensor_torch
