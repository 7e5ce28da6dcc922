// SPDX-License-Identifier: BSD-3-Clause
// Labels as sets: union, intersection, difference, and the selection of entries
#include <algorithm>

#include "check.hpp"
#include "data/device_rows.hpp"
#include "data/host_sets.hpp"
#include "data/labels_data.hpp"
#include "metatensor/torch/labels.hpp"

namespace metatensor_torch {

using details::LabelsData;
using details::MappedRows;
using details::Mappings;

namespace {

void check_same_names(const LabelsHolder& a, const LabelsHolder& b, const char* operation) {
    TORCH_CHECK(a.names() == b.names(), "the ", operation,
                " of Labels needs the same names in the same order, got [", comma_list(a.names()), "] and [",
                comma_list(b.names()), "]");
}

/// Whether a question about both with an answer on `device` is answered there: if one of them was born on a
/// device, and so is not known to the host.
bool answered_on(torch::Device device, const LabelsHolder& a, const LabelsHolder& b) {
    return !device.is_cpu() && !(a.data()->on_host() && b.data()->on_host());
}

/// One way to make a set out of two, on both sides
struct SetOperation {
    MappedRows (*on_host)(LabelsData& first, LabelsData& second, Mappings mappings);
    MappedRows (*on_device)(const torch::Tensor& first, const torch::Tensor& second);
};

constexpr SetOperation UNION = {&details::unite_host_rows, &details::unite_rows};
constexpr SetOperation INTERSECTION = {&details::intersect_host_rows, &details::intersect_rows};
constexpr SetOperation DIFFERENCE = {&details::subtract_host_rows, &details::subtract_rows};

struct MappedLabels {
    Labels labels;
    torch::Tensor from_first;
    torch::Tensor from_second;
};

/// Applies `operation` to `first` and `second`, one of which is `self`. All results are on the device of
/// `self`.
MappedLabels operate(const SetOperation& operation, const LabelsHolder& self, const LabelsHolder& first,
                     const LabelsHolder& second, Mappings mappings) {
    const auto device = self.device();
    // the names were checked when those of `self` were
    const auto make_labels = [&](const torch::Tensor& rows) {
        return torch::make_intrusive<LabelsHolder>(self.names(), rows, std::make_shared<LabelsData>(rows));
    };
    if (answered_on(device, first, second)) {
        auto rows = operation.on_device(first.data()->rows_on(device), second.data()->rows_on(device));
        return {make_labels(rows.rows), rows.from_first, rows.from_second};
    }
    auto rows = operation.on_host(*first.data(), *second.data(), mappings);
    // rows that are those of an operand bring its index with them
    const bool same_as_first = rows.rows.is_same(first.data()->host_tensor());
    auto labels = same_as_first ? torch::make_intrusive<LabelsHolder>(self.names(), rows.rows, first.data())
                                : make_labels(rows.rows);
    if (device.is_cpu()) {
        return {std::move(labels), std::move(rows.from_first), std::move(rows.from_second)};
    }
    const auto upload = [&](const torch::Tensor& mapping) {
        return mapping.defined() ? mapping.to(device, /*non_blocking=*/true) : mapping;
    };
    return {labels->to(device), upload(rows.from_first), upload(rows.from_second)};
}

/// Intersection in the order of the set that has fewer entries
MappedLabels intersect(const LabelsHolder& self, const LabelsHolder& other, Mappings mappings) {
    check_same_names(self, other, "intersection");
    if (other.count() >= self.count()) {
        return operate(INTERSECTION, self, self, other, mappings);
    }
    auto result = operate(INTERSECTION, self, other, self, mappings);
    std::swap(result.from_first, result.from_second);
    return result;
}

/// Places of the dimensions `wanted` in `names`
std::vector<int64_t> dimension_places(const std::vector<std::string>& wanted,
                                      const std::vector<std::string>& names) {
    std::vector<int64_t> places;
    for (const auto& name : wanted) {
        const auto found = std::find(names.begin(), names.end(), name);
        TORCH_CHECK(found != names.end(), "the selection contains '", name, "', but these Labels only have [",
                    comma_list(names), "]");
        places.push_back(found - names.begin());
    }
    return places;
}

} // namespace

Labels LabelsHolder::set_union(const Labels& other) const {
    check_same_names(*this, *other, "union");
    return operate(UNION, *this, *this, *other, Mappings::LEFT_OUT).labels;
}

std::tuple<Labels, torch::Tensor, torch::Tensor> LabelsHolder::union_and_mapping(const Labels& other) const {
    check_same_names(*this, *other, "union");
    auto result = operate(UNION, *this, *this, *other, Mappings::WANTED);
    return {std::move(result.labels), std::move(result.from_first), std::move(result.from_second)};
}

Labels LabelsHolder::set_intersection(const Labels& other) const {
    return intersect(*this, *other, Mappings::LEFT_OUT).labels;
}

std::tuple<Labels, torch::Tensor, torch::Tensor>
LabelsHolder::intersection_and_mapping(const Labels& other) const {
    auto result = intersect(*this, *other, Mappings::WANTED);
    return {std::move(result.labels), std::move(result.from_first), std::move(result.from_second)};
}

Labels LabelsHolder::set_difference(const Labels& other) const {
    check_same_names(*this, *other, "difference");
    return operate(DIFFERENCE, *this, *this, *other, Mappings::LEFT_OUT).labels;
}

std::tuple<Labels, torch::Tensor> LabelsHolder::difference_and_mapping(const Labels& other) const {
    check_same_names(*this, *other, "difference");
    auto result = operate(DIFFERENCE, *this, *this, *other, Mappings::WANTED);
    return {std::move(result.labels), std::move(result.from_first)};
}

torch::Tensor LabelsHolder::select(const Labels& selection) const {
    const auto columns = dimension_places(selection->names(), names_);
    const bool all_columns = selection->names() == names_;
    if (columns.empty()) {
        return torch::arange(count(), torch::dtype(torch::kLong).device(device()));
    }
    if (answered_on(device(), *this, *selection)) {
        const auto wanted = selection->data()->rows_on(device());
        if (all_columns) {
            const auto places = details::find_rows(values_, wanted);
            return places.masked_select(places >= 0);
        }
        const auto compared = values_.index_select(1, details::int64_tensor(columns, device()));
        return (details::find_rows(wanted, compared) >= 0).nonzero().squeeze(1);
    }
    if (!all_columns) {
        return details::select_host_rows(*data_, columns, *selection->data())
            .to(device(), /*non_blocking=*/true);
    }
    const auto places = details::find_host_rows(*data_, *selection->data());
    return places.masked_select(places >= 0).to(device(), /*non_blocking=*/true);
}

} // namespace metatensor_torch
