// SPDX-License-Identifier: BSD-3-Clause
#include "operations/detail/row_groups.hpp"

#include <algorithm>

#include "data/device_rows.hpp"
#include "data/empty_on_host.hpp"
#include "data/labels_data.hpp"
#include "data/sort_rows.hpp"

namespace metatensor_torch::details {

RowGroups::RowGroups(std::vector<int64_t> starts, torch::Tensor order, torch::Tensor group_of_row)
    : starts_(std::move(starts)), order_(std::move(order)), group_of_row_(std::move(group_of_row)) {
    const auto size = n_groups() == 0 ? 0 : starts_[1];
    bool same = true;
    for (size_t group = 1; same && group < starts_.size(); ++group) {
        same = starts_[group] - starts_[group - 1] == size;
    }
    common_size_ = same ? size : 0;
}

const torch::Tensor& RowGroups::group_of_row() const {
    std::call_once(once_, [this] {
        if (group_of_row_.defined()) {
            return;
        }
        group_of_row_ = empty_on_host({n_rows()}, torch::kLong);
        auto* group_of_row = group_of_row_.data_ptr<int64_t>();
        const auto* places = order_.defined() ? order_.const_data_ptr<int64_t>() : nullptr;
        for (int64_t group = 0; group < n_groups(); ++group) {
            for (auto i = starts_[group]; i < starts_[group + 1]; ++i) {
                group_of_row[places == nullptr ? i : places[i]] = group;
            }
        }
    });
    return group_of_row_;
}

torch::Tensor RowGroups::sizes() const {
    auto sizes = empty_on_host({n_groups()}, torch::kLong);
    auto* size = sizes.data_ptr<int64_t>();
    for (int64_t group = 0; group < n_groups(); ++group) {
        size[group] = starts_[group + 1] - starts_[group];
    }
    return sizes;
}

namespace {

/// Groups of rows of which equal ones follow each other at `place(0)`, `place(1)`, ...; false, and nothing
/// that can be used, if one is less than the one before.
template <typename Place>
bool find_runs(RowSpan rows, const Place& place, std::vector<int64_t>& starts) {
    starts.assign(1, 0);
    for (int64_t i = 1; i < rows.count; ++i) {
        const auto order = compare_rows(rows[place(i - 1)], rows[place(i)], rows.size);
        if (order > 0) {
            return false;
        }
        if (order < 0) {
            starts.push_back(i);
        }
    }
    if (rows.count > 0) {
        starts.push_back(rows.count);
    }
    return true;
}

} // namespace

GroupedRows group_rows(RowSpan rows) {
    std::vector<int64_t> starts;
    std::vector<int64_t> places;
    torch::Tensor order;
    const auto same_place = [](int64_t i) { return i; };
    if (!find_runs(rows, same_place, starts)) {
        places = sorted_places(rows);
        find_runs(
            rows, [&](int64_t i) { return places[i]; }, starts);
        order = int64_tensor(places, torch::kCPU);
    }
    const auto n_groups = static_cast<int64_t>(starts.size()) - 1;
    auto unique = empty_on_host({n_groups, rows.size}, torch::kInt);
    auto* row = unique.data_ptr<int32_t>();
    for (int64_t group = 0; group < n_groups; ++group) {
        const auto first = places.empty() ? starts[group] : places[starts[group]];
        row = std::copy(rows[first], rows[first] + rows.size, row);
    }
    return {torch::make_intrusive<RowGroups>(std::move(starts), std::move(order)), std::move(unique)};
}

RowsToGroup::RowsToGroup(torch::Tensor rows) : rows_(std::move(rows)) {
    const auto sorted = sort_rows(rows_);
    order_ = sorted.order;
    const auto in_order = (order_ == torch::arange(order_.numel(), order_.options())).all();
    flags_ = torch::cat({sorted.is_first, in_order.reshape({1})});
    group_of_row_ = sorted.ranks();
}

GroupedRows RowsToGroup::finish(const bool* flags) const {
    const auto n_rows = rows_.size(0);
    std::vector<int64_t> starts;
    for (int64_t i = 0; i < n_rows; ++i) {
        if (flags[i]) {
            starts.push_back(i);
        }
    }
    auto places = int64_tensor(starts, rows_.device());
    starts.push_back(n_rows);
    const auto order = flags[n_rows] ? torch::Tensor() : order_;
    if (order.defined()) {
        places = order.index_select(0, places);
    }
    return {torch::make_intrusive<RowGroups>(std::move(starts), order, group_of_row_),
            rows_.index_select(0, places)};
}

} // namespace metatensor_torch::details
