// SPDX-License-Identifier: BSD-3-Clause
#include "operations/detail/selected_rows.hpp"

#include <algorithm>
#include <numeric>

#include "data/labels_data.hpp"

namespace metatensor_torch::details {

namespace {

std::vector<int64_t> all_places(int64_t count) {
    std::vector<int64_t> places(count);
    std::iota(places.begin(), places.end(), 0);
    return places;
}

/// Places in `labels` of the entries of labels with the same names, in the order of these
std::vector<int64_t> same_entries(const Labels& labels, const Labels& selection) {
    const auto rows = labels->data()->host();
    const auto wanted = selection->data()->host();
    if (labels->data() == selection->data()) {
        return all_places(rows.count);
    }
    const auto& index = labels->data()->index();
    std::vector<int64_t> places;
    std::vector<bool> taken(rows.count);
    for (const auto place : index.find_all(rows, wanted, index.sorted() && is_sorted(wanted))) {
        // labels whose uniqueness was not checked may have an entry twice
        if (place >= 0 && !taken[place]) {
            taken[place] = true;
            places.push_back(place);
        }
    }
    return places;
}

/// Entries of several labels one after the other, and for each entry the labels that it is of
struct JoinedRows {
    std::vector<int32_t> values;
    std::vector<size_t> owners;
};

JoinedRows join_rows(const std::vector<Labels>& labels, size_t first, size_t last) {
    JoinedRows joined;
    for (auto i = first; i < last; ++i) {
        const auto rows = labels[i]->data()->host();
        joined.values.insert(joined.values.end(), rows.data, rows.data + rows.count * rows.size);
        joined.owners.insert(joined.owners.end(), rows.count, i);
    }
    return joined;
}

/// Ascending places for the selections [first, last), which have the same names; false if there are several
/// and an entry occurs twice.
bool find_together(const Labels& labels, const std::vector<Labels>& selections, size_t first, size_t last,
                   std::vector<std::vector<int64_t>>& places) {
    const auto& names = selections[first]->names();
    std::vector<int64_t> columns;
    for (const auto& name : names) {
        columns.push_back(std::find(labels->names().begin(), labels->names().end(), name) -
                          labels->names().begin());
    }
    const auto joined = join_rows(selections, first, last);
    const RowSpan wanted{joined.values.data(), static_cast<int64_t>(joined.owners.size()),
                         static_cast<int64_t>(names.size())};
    const RowIndex index(wanted);
    if (last - first > 1 && index.duplicate()) {
        return false;
    }
    const auto rows = labels->data()->host();
    std::vector<int32_t> row(columns.size());
    for (int64_t i = 0; wanted.count > 0 && i < rows.count; ++i) {
        for (size_t j = 0; j < columns.size(); ++j) {
            row[j] = rows[i][columns[j]];
        }
        const auto found = index.find(wanted, row.data());
        if (found >= 0) {
            places[joined.owners[found]].push_back(i);
        }
    }
    return true;
}

} // namespace

std::vector<std::vector<int64_t>> selected_rows(const Labels& labels, const std::vector<Labels>& selections) {
    std::vector<std::vector<int64_t>> places(selections.size());
    for (size_t first = 0; first < selections.size();) {
        const auto& names = selections[first]->names();
        auto last = first + 1;
        if (names.empty()) {
            places[first] = all_places(labels->count());
        } else if (names == labels->names()) {
            places[first] = same_entries(labels, selections[first]);
        } else {
            while (last < selections.size() && selections[last]->names() == names) {
                ++last;
            }
            if (!find_together(labels, selections, first, last, places)) {
                for (auto i = first; i < last; ++i) {
                    find_together(labels, selections, i, i + 1, places);
                }
            }
        }
        first = last;
    }
    return places;
}

} // namespace metatensor_torch::details
