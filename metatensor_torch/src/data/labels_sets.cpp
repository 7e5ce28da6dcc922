// SPDX-License-Identifier: BSD-3-Clause
// Labels as sets: union, intersection, difference, and the selection of entries
#include <algorithm>
#include <numeric>

#include "check.hpp"
#include "data/labels_data.hpp"
#include "metatensor/torch/labels.hpp"

namespace metatensor_torch {

using details::RowSpan;

namespace {

void check_same_names(const LabelsHolder& a, const LabelsHolder& b, const char* operation) {
    TORCH_CHECK(a.names() == b.names(), "the ", operation,
                " of Labels needs the same names in the same order, got [", join(a.names()), "] and [",
                join(b.names()), "]");
}

/// For each entry of `wanted` its place in `labels` or -1
std::vector<int64_t> find_all(const LabelsHolder& labels, const LabelsHolder& wanted) {
    const auto rows = labels.data()->host();
    const auto wanted_rows = wanted.data()->host();
    if (labels.data() == wanted.data()) {
        std::vector<int64_t> places(rows.count);
        std::iota(places.begin(), places.end(), 0);
        return places;
    }
    const auto& index = labels.data()->index();
    // the order of what is searched only matters for a merge, and costs a pass
    return index.find_all(rows, wanted_rows, index.sorted() && details::is_sorted(wanted_rows));
}

/// Labels of rows on the host, moved to `device`
Labels from_host_rows(const std::vector<std::string>& names, torch::Tensor rows, torch::Device device) {
    auto labels = torch::make_intrusive<LabelsHolder>(names, std::move(rows), metatensor::assume_unique{});
    return device.is_cpu() ? labels : labels->to(device);
}

/// Entries of one set of labels chosen by whether they are in another one
struct Filtered {
    Labels labels;
    /// for each entry of the first set its place in `labels` or -1
    std::vector<int64_t> mapping;
    /// for each entry of the first set its place in the other or -1
    std::vector<int64_t> places;
};

Filtered filter_by(const LabelsHolder& self, const LabelsHolder& other, bool keep_common) {
    Filtered result;
    result.places = find_all(other, self);
    result.mapping.resize(result.places.size());
    int64_t n_kept = 0;
    for (size_t i = 0; i < result.places.size(); ++i) {
        result.mapping[i] = (result.places[i] >= 0) == keep_common ? n_kept++ : -1;
    }
    const auto rows = self.data()->host();
    auto kept = torch::empty({n_kept, rows.size}, torch::kInt);
    auto* row = kept.data_ptr<int32_t>();
    for (int64_t i = 0; i < rows.count; ++i) {
        if (result.mapping[i] >= 0) {
            row = std::copy(rows[i], rows[i] + rows.size, row);
        }
    }
    result.labels = from_host_rows(self.names(), std::move(kept), self.device());
    return result;
}

struct Union {
    Labels labels;
    /// for each entry of the second set its place in `labels`
    std::vector<int64_t> mapping;
};

Union unite(const LabelsHolder& self, const LabelsHolder& other) {
    Union result;
    result.mapping = find_all(self, other);
    auto next = self.count();
    for (auto& place : result.mapping) {
        place = place < 0 ? next++ : place;
    }
    const auto rows = self.data()->host();
    const auto other_rows = other.data()->host();
    auto united = torch::empty({next, rows.size}, torch::kInt);
    auto* row = std::copy(rows.data, rows.data + rows.count * rows.size, united.data_ptr<int32_t>());
    for (int64_t i = 0; i < other_rows.count; ++i) {
        if (result.mapping[i] >= rows.count) {
            row = std::copy(other_rows[i], other_rows[i] + rows.size, row);
        }
    }
    result.labels = from_host_rows(self.names(), std::move(united), self.device());
    return result;
}

/// Places of the dimensions `wanted` in `names`
std::vector<int64_t> dimension_places(const std::vector<std::string>& wanted,
                                      const std::vector<std::string>& names) {
    std::vector<int64_t> places;
    for (const auto& name : wanted) {
        const auto found = std::find(names.begin(), names.end(), name);
        TORCH_CHECK(found != names.end(), "the selection contains '", name, "', but these Labels only have [",
                    join(names), "]");
        places.push_back(found - names.begin());
    }
    return places;
}

/// Ascending places of the entries of `rows` that agree with an entry of `selection` in the dimensions
/// `columns`
std::vector<int64_t> select_rows(RowSpan rows, const std::vector<int64_t>& columns,
                                 details::LabelsData& selection) {
    const auto wanted = selection.host();
    std::vector<int64_t> selected;
    std::vector<int32_t> row(columns.size());
    const auto* index = wanted.count > 1 ? &selection.index() : nullptr;
    for (int64_t i = 0; i < rows.count; ++i) {
        for (size_t j = 0; j < columns.size(); ++j) {
            row[j] = rows[i][columns[j]];
        }
        const bool found = index ? index->find(wanted, row.data()) >= 0
                                 : wanted.count == 1 && details::same_row(row.data(), wanted[0], wanted.size);
        if (found) {
            selected.push_back(i);
        }
    }
    return selected;
}

} // namespace

Labels LabelsHolder::set_union(const Labels& other) const {
    check_same_names(*this, *other, "union");
    return unite(*this, *other).labels;
}

std::tuple<Labels, torch::Tensor, torch::Tensor> LabelsHolder::union_and_mapping(const Labels& other) const {
    check_same_names(*this, *other, "union");
    auto result = unite(*this, *other);
    auto own_mapping = torch::arange(count(), torch::dtype(torch::kLong).device(device()));
    return {std::move(result.labels), std::move(own_mapping),
            details::int64_tensor(result.mapping, device())};
}

Labels LabelsHolder::set_intersection(const Labels& other) const {
    return std::get<0>(intersection_and_mapping(other));
}

std::tuple<Labels, torch::Tensor, torch::Tensor>
LabelsHolder::intersection_and_mapping(const Labels& other) const {
    check_same_names(*this, *other, "intersection");
    const bool swapped = other->count() < count();
    const auto& first = swapped ? *other : *this;
    const auto& second = swapped ? *this : *other;
    auto result = filter_by(first, second, /*keep_common=*/true);
    std::vector<int64_t> second_mapping(second.count(), -1);
    for (size_t i = 0; i < result.places.size(); ++i) {
        if (result.places[i] >= 0) {
            second_mapping[result.places[i]] = result.mapping[i];
        }
    }
    auto& mapping = swapped ? second_mapping : result.mapping;
    auto& other_mapping = swapped ? result.mapping : second_mapping;
    return {result.labels->to(device()), details::int64_tensor(mapping, device()),
            details::int64_tensor(other_mapping, device())};
}

Labels LabelsHolder::set_difference(const Labels& other) const {
    check_same_names(*this, *other, "difference");
    return filter_by(*this, *other, /*keep_common=*/false).labels;
}

std::tuple<Labels, torch::Tensor> LabelsHolder::difference_and_mapping(const Labels& other) const {
    check_same_names(*this, *other, "difference");
    auto result = filter_by(*this, *other, /*keep_common=*/false);
    return {std::move(result.labels), details::int64_tensor(result.mapping, device())};
}

torch::Tensor LabelsHolder::select(const Labels& selection) const {
    const auto columns = dimension_places(selection->names(), names_);
    if (columns.empty()) {
        return torch::arange(count(), torch::dtype(torch::kLong).device(device()));
    }
    if (selection->names() != names_) {
        return details::int64_tensor(select_rows(data_->host(), columns, *selection->data()), device());
    }
    auto places = find_all(*this, *selection);
    places.erase(std::remove(places.begin(), places.end(), -1), places.end());
    return details::int64_tensor(places, device());
}

} // namespace metatensor_torch
