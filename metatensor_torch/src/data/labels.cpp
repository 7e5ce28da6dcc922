// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <limits>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "check.hpp"
#include "data/device_rows.hpp"
#include "data/empty_on_host.hpp"
#include "data/labels_data.hpp"
#include "metatensor/torch/labels.hpp"

namespace metatensor_torch {

using details::LabelsData;

namespace {

bool is_identifier(const std::string& name) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    return !name.empty() && letter(name[0]) &&
           std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

/// First name that is there twice, null if they all differ
const std::string* find_repeated(const std::vector<std::string>& names) {
    constexpr size_t FEW = 8; // up to here, to compare all pairs is fastest
    if (names.size() <= FEW) {
        for (size_t i = 1; i < names.size(); ++i) {
            if (std::find(names.begin(), names.begin() + i, names[i]) != names.begin() + i) {
                return &names[i];
            }
        }
        return nullptr;
    }
    std::unordered_set<std::string_view> known;
    const auto repeated = std::find_if(names.begin(), names.end(),
                                       [&](const auto& name) { return !known.insert(name).second; });
    return repeated == names.end() ? nullptr : &*repeated;
}

void check_names(const std::vector<std::string>& names) {
    for (const auto& name : names) {
        TORCH_CHECK(
            is_identifier(name),
            "names of labels consist of letters, digits and underscores and start with no digit, got '", name,
            "'");
    }
    const auto* repeated = find_repeated(names);
    TORCH_CHECK(repeated == nullptr, "names of labels must differ, got '", *repeated, "' twice");
}

/// What becomes of integers that do not fit in 32 bits
enum class OutOfRange { REFUSED, WRAPPED };

/// The lowest and the highest of some int64 values, with a single copy to the host
std::pair<int64_t, int64_t> range_of(const torch::Tensor& values) {
    const auto [low, high] = values.aminmax();
    if (values.is_cpu()) {
        return {low.item<int64_t>(), high.item<int64_t>()};
    }
    const auto both = at::stack({low, high}).to(torch::kCPU);
    return {both.const_data_ptr<int64_t>()[0], both.const_data_ptr<int64_t>()[1]};
}

/// Integers of any type as int32; ValueError for other types.
torch::Tensor to_int32(const char* what, const torch::Tensor& values, OutOfRange out_of_range) {
    if (values.scalar_type() == torch::kInt && !values.requires_grad()) {
        return values;
    }
    TORCH_CHECK_VALUE(!values.requires_grad(), what, " can not require gradients");
    if (values.numel() == 0) {
        return torch::empty(values.sizes(), values.options().dtype(torch::kInt));
    }
    TORCH_CHECK_VALUE(c10::isIntegralType(values.scalar_type(), /*includeBool=*/true), what,
                      " must be 32-bit integers, got ", dtype_text(values.scalar_type()));
    const bool wide = values.scalar_type() == torch::kLong || values.scalar_type() == torch::kUInt64 ||
                      values.scalar_type() == torch::kUInt32;
    if (wide && out_of_range == OutOfRange::REFUSED && details::has_data(values)) {
        const auto [low, high] = range_of(values.to(torch::kLong));
        const auto lowest = values.scalar_type() == torch::kLong ? std::numeric_limits<int32_t>::min() : 0;
        TORCH_CHECK_VALUE(low >= lowest && high <= std::numeric_limits<int32_t>::max(), what,
                          " must fit in 32-bit integers, got values from ", low, " to ", high);
    }
    return values.to(torch::kInt);
}

torch::Tensor to_rows(const torch::Tensor& values, const std::vector<std::string>& names) {
    TORCH_CHECK_VALUE(values.dim() == 2, "the values of Labels must be a 2D tensor, got shape ",
                      shape_text(values.sizes()));
    TORCH_CHECK_VALUE(values.size(1) == static_cast<int64_t>(names.size()),
                      "Labels must have one name for each column of their values, got ", names.size(),
                      " names and ", values.size(1), " columns");
    return to_int32("the values of Labels", values, OutOfRange::REFUSED);
}

/// A row that occurs twice, int32 [n_dimensions] on the host, if there is one
std::optional<torch::Tensor> find_duplicate(const torch::Tensor& values, LabelsData& data) {
    if (values.size(0) <= 1 || values.size(1) == 0 || !details::has_data(values)) {
        return std::nullopt;
    }
    if (!values.is_cpu() && !data.on_host()) {
        return details::duplicate_row(values);
    }
    const auto& duplicate = data.index().duplicate();
    return duplicate ? std::optional(data.host_tensor()[*duplicate]) : std::nullopt;
}

/// RuntimeError if a row occurs twice.
void check_unique(const torch::Tensor& values, LabelsData& data) {
    if (const auto row = find_duplicate(values, data)) {
        std::vector<std::string> texts;
        for (int64_t j = 0; j < row->size(0); ++j) {
            texts.push_back(std::to_string((*row)[j].item<int32_t>()));
        }
        TORCH_CHECK(false, "entries of Labels must be unique, got [", comma_list(texts), "] at least twice");
    }
}

} // namespace

namespace details {

std::vector<std::string> normalize_names(const torch::IValue& names, const std::string& context) {
    if (names.isString()) {
        return {names.toStringRef()};
    }
    TORCH_CHECK_TYPE(names.isList() || names.isTuple(), context,
                     " must be a string, or a list or tuple of strings, got ", names.type()->repr_str());
    const auto elements = names.isList() ? names.toListRef().vec() : names.toTupleRef().elements().vec();
    std::vector<std::string> result;
    for (const auto& element : elements) {
        TORCH_CHECK_TYPE(element.isString(), context, " must be strings, got one of type ",
                         element.type()->repr_str());
        result.push_back(element.toStringRef());
    }
    return result;
}

} // namespace details

LabelsHolder::LabelsHolder(torch::IValue names, torch::Tensor values)
    : LabelsHolder(details::normalize_names(names, "names"), std::move(values)) {}

LabelsHolder::LabelsHolder(torch::IValue names, torch::Tensor values, metatensor::assume_unique tag)
    : LabelsHolder(details::normalize_names(names, "names"), std::move(values), tag) {}

LabelsHolder::LabelsHolder(std::vector<std::string> names, torch::Tensor values)
    : LabelsHolder(std::move(names), std::move(values), metatensor::assume_unique{}) {
    check_unique(values_, *data_);
}

LabelsHolder::LabelsHolder(std::vector<std::string> names, torch::Tensor values, metatensor::assume_unique)
    : names_(std::move(names)),
      values_(to_rows(values, names_)),
      data_(std::make_shared<LabelsData>(values_)) {
    check_names(names_);
}

LabelsHolder::LabelsHolder(std::vector<std::string> names, torch::Tensor values,
                           std::shared_ptr<LabelsData> data)
    : names_(std::move(names)), values_(std::move(values)), data_(std::move(data)) {}

Labels LabelsHolder::create(std::vector<std::string> names,
                            const std::vector<std::initializer_list<int32_t>>& values) {
    const auto size = static_cast<int64_t>(names.size());
    auto rows = details::empty_on_host({static_cast<int64_t>(values.size()), size}, torch::kInt);
    auto* row = rows.data_ptr<int32_t>();
    for (const auto& entry : values) {
        TORCH_CHECK_VALUE(static_cast<int64_t>(entry.size()) == size, "each entry must have ", size,
                          " values, one for each name, got ", entry.size());
        row = std::copy(entry.begin(), entry.end(), row);
    }
    return torch::make_intrusive<LabelsHolder>(std::move(names), std::move(rows));
}

Labels LabelsHolder::single() {
    return torch::make_intrusive<LabelsHolder>(
        std::vector<std::string>{"_"}, torch::zeros({1, 1}, torch::kInt), metatensor::assume_unique{});
}

Labels LabelsHolder::empty(torch::IValue names) {
    auto all_names = details::normalize_names(names, "names");
    auto rows = details::empty_on_host({0, static_cast<int64_t>(all_names.size())}, torch::kInt);
    return torch::make_intrusive<LabelsHolder>(std::move(all_names), std::move(rows),
                                               metatensor::assume_unique{});
}

Labels LabelsHolder::range(std::string name, int64_t end) {
    TORCH_CHECK_VALUE(end >= 0 && end <= int64_t{std::numeric_limits<int32_t>::max()} + 1,
                      "the end of a range of labels must be in [0, 2^31], got ", end);
    auto rows = details::empty_on_host({end, 1}, torch::kInt);
    auto* row = rows.data_ptr<int32_t>();
    for (int64_t i = 0; i < end; ++i) {
        row[i] = static_cast<int32_t>(i);
    }
    return torch::make_intrusive<LabelsHolder>(std::vector<std::string>{std::move(name)}, std::move(rows),
                                               metatensor::assume_unique{});
}

Labels LabelsHolder::to(torch::Device device, bool /*non_blocking*/) const {
    return torch::make_intrusive<LabelsHolder>(names_, data_->rows_on(device), data_);
}

Labels LabelsHolder::to(const torch::IValue& device, bool non_blocking) const {
    if (device.isNone()) {
        return to(this->device(), non_blocking);
    }
    TORCH_CHECK_TYPE(device.isString() || device.isDevice(),
                     "`device` must be None, a string or a torch.device, got ", device.type()->repr_str());
    return to(device.isString() ? torch::Device(device.toStringRef()) : device.toDevice(), non_blocking);
}

std::optional<int64_t> LabelsHolder::position(const int32_t* entry, int64_t size) const {
    TORCH_CHECK(size == this->size(), "an entry of these Labels has ", this->size(), " values, got ", size);
    if (!data_->on_host() && !device().is_cpu()) {
        auto row = details::empty_on_host({size}, torch::kInt);
        std::copy(entry, entry + size, row.data_ptr<int32_t>());
        return details::find_row(values_, row);
    }
    const auto place = data_->index().find(data_->host(), entry);
    return place < 0 ? std::nullopt : std::optional(place);
}

std::optional<int64_t> LabelsHolder::position(const torch::IValue& entry) const {
    if (const auto row = as_custom_class<LabelsEntryHolder>(entry)) {
        return position(row->host_values(), row->size());
    }
    if (entry.isTensor()) {
        TORCH_CHECK_VALUE(entry.toTensor().dim() == 1, "an entry of Labels must be a 1D tensor, got shape ",
                          shape_text(entry.toTensor().sizes()));
        const auto values = entry.toTensor().to(torch::kCPU);
        const auto row = to_int32("an entry of Labels", values, OutOfRange::WRAPPED).contiguous();
        const auto place = position(row.const_data_ptr<int32_t>(), row.numel());
        return torch::equal(row.to(values.scalar_type()), values) ? place : std::nullopt;
    }
    TORCH_CHECK_TYPE(
        entry.isList() || entry.isTuple(),
        "an entry of Labels must be a LabelsEntry, a tensor, or a list or tuple of integers, got ",
        entry.type()->repr_str());
    const auto elements =
        entry.isList() ? entry.toListRef() : at::ArrayRef<torch::IValue>(entry.toTupleRef().elements());
    c10::SmallVector<int32_t, 8> row;
    bool representable = true;
    for (const auto& value : elements) {
        TORCH_CHECK_TYPE(value.isInt(), "an entry of Labels must consist of integers, got one value of type ",
                         value.type()->repr_str());
        representable = representable && value.toInt() == static_cast<int32_t>(value.toInt());
        row.push_back(static_cast<int32_t>(value.toInt()));
    }
    const auto place = position(row.data(), static_cast<int64_t>(row.size()));
    return representable ? place : std::nullopt;
}

bool LabelsHolder::operator==(const LabelsHolder& other) const {
    if (names_ != other.names_) {
        return false;
    }
    if (data_ == other.data_) {
        return true;
    }
    if (!values_.sizes().equals(other.values_.sizes())) {
        return false;
    }
    if (values_.device() == other.values_.device()) {
        const bool same_memory = details::has_data(values_) && details::has_data(other.values_) &&
                                 values_.const_data_ptr() == other.values_.const_data_ptr() &&
                                 values_.strides().equals(other.values_.strides());
        if (same_memory || values_.numel() == 0) {
            return true;
        }
        if (!data_->on_host() || !other.data_->on_host()) {
            return torch::equal(values_, other.values_);
        }
    }
    const auto rows = data_->host();
    return std::equal(rows.data, rows.data + rows.count * rows.size, other.data_->host().data);
}

} // namespace metatensor_torch
