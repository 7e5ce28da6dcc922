// SPDX-License-Identifier: BSD-3-Clause
#include "data/host_sets.hpp"

#include <algorithm>
#include <numeric>

#include "data/row_keys.hpp"

namespace metatensor_torch::details {

namespace {

torch::Tensor make_places(int64_t count) { return torch::empty({count}, torch::kLong); }

/// Copies the rows whose number, one of 0, 1, ..., `n_chosen` - 1 in ascending order, is not -1 to `target`.
/// Each row is written, and then written over if it was not chosen, as nobody can foresee which ones are.
void copy_chosen(RowSpan rows, const int64_t* numbers, int64_t n_chosen, int32_t* target) {
    with_row_size(rows.size, [&](auto size) {
        int64_t n_copied = 0;
        for (int64_t i = 0; n_copied < n_chosen; ++i) {
            for (int64_t j = 0; j < size; ++j) {
                target[n_copied * size + j] = rows.data[i * size + j];
            }
            n_copied += static_cast<int64_t>(numbers[i] >= 0);
        }
    });
}

/// Numbers the rows that are to be kept, those that have a place or those that have none: 0, 1, ..., and -1
/// for the others. Returns how many are kept.
int64_t number_kept(const int64_t* places, int64_t count, bool keep_placed, int64_t* numbers) {
    int64_t n_kept = 0;
    for (int64_t i = 0; i < count; ++i) {
        const auto kept = static_cast<int64_t>((places[i] >= 0) == keep_placed);
        numbers[i] = (n_kept + 1) * kept - 1;
        n_kept += kept;
    }
    return n_kept;
}

/// Rows of `first` that have a place, or those that have none
MappedRows keep_rows(LabelsData& first, const torch::Tensor& places, bool keep_placed) {
    const auto rows = first.host();
    MappedRows result;
    result.from_first = make_places(rows.count);
    auto* numbers = result.from_first.data_ptr<int64_t>();
    const auto n_kept = number_kept(places.const_data_ptr<int64_t>(), rows.count, keep_placed, numbers);
    if (n_kept == rows.count) {
        result.rows = first.host_tensor();
        return result;
    }
    result.rows = torch::empty({n_kept, rows.size}, torch::kInt);
    copy_chosen(rows, numbers, n_kept, result.rows.data_ptr<int32_t>());
    return result;
}

/// Marks the rows that agree with a row of `wanted` in the dimensions `columns`, through a table of all keys
/// that these may have; false if this would be larger than the rows.
bool mark_by_table(RowSpan rows, const std::vector<int64_t>& columns, RowSpan wanted, uint8_t* is_marked) {
    const auto keys = RowKeys::of({wanted});
    if (!keys || keys->n_bits() > 30 || (int64_t{1} << keys->n_bits()) > 4 * rows.count * rows.size + 64) {
        return false;
    }
    std::vector<uint8_t> table(size_t{1} << static_cast<unsigned>(keys->n_bits()), 0);
    with_row_size(wanted.size, [&](auto size) {
        bool fits = true;
        for (int64_t k = 0; k < wanted.count; ++k) {
            table[keys->key_of(wanted.data + k * size, size, fits)] = 1;
        }
        int32_t row[RowKeys::MAX_COLUMNS];
        for (int64_t i = 0; i < rows.count; ++i) {
            for (int64_t j = 0; j < size; ++j) {
                row[j] = rows[i][columns[j]];
            }
            const auto key = keys->key_of(row, size, fits) & (table.size() - 1);
            is_marked[i] = static_cast<uint8_t>(table[key] & static_cast<uint8_t>(fits));
        }
    });
    return true;
}

/// The same through the index of `wanted`
void mark_by_index(RowSpan rows, const std::vector<int64_t>& columns, LabelsData& wanted,
                   uint8_t* is_marked) {
    const auto n_columns = static_cast<int64_t>(columns.size());
    const auto compared = make_array<int32_t>(rows.count * n_columns);
    for (int64_t i = 0; i < rows.count; ++i) {
        for (int64_t j = 0; j < n_columns; ++j) {
            compared[i * n_columns + j] = rows[i][columns[j]];
        }
    }
    const auto places = make_array<int64_t>(rows.count);
    wanted.index().find_all(wanted.host(), {compared.get(), rows.count, n_columns}, /*wanted_sorted=*/false,
                            places.get());
    std::transform(places.get(), places.get() + rows.count, is_marked,
                   [](int64_t place) { return static_cast<uint8_t>(place >= 0); });
}

} // namespace

torch::Tensor find_host_rows(LabelsData& rows, LabelsData& wanted) {
    const auto wanted_rows = wanted.host();
    auto places = make_places(wanted_rows.count);
    auto* place = places.data_ptr<int64_t>();
    if (&rows == &wanted) {
        std::iota(place, place + wanted_rows.count, 0);
        return places;
    }
    const auto& index = rows.index();
    // the order of what is searched only matters for a merge, and costs a pass
    index.find_all(rows.host(), wanted_rows, index.sorted() && is_sorted(wanted_rows), place);
    return places;
}

MappedRows unite_host_rows(LabelsData& first, LabelsData& second, Mappings mappings) {
    const auto rows = first.host();
    const auto other_rows = second.host();
    MappedRows result;
    result.from_second = find_host_rows(first, second);
    auto* place = result.from_second.data_ptr<int64_t>();
    // places of new rows as numbers of what is copied, -1 for the others
    const auto numbers = make_array<int64_t>(other_rows.count);
    const auto n_new = number_kept(place, other_rows.count, /*keep_placed=*/false, numbers.get());
    if (n_new == 0) {
        result.rows = first.host_tensor();
    } else {
        result.rows = torch::empty({rows.count + n_new, rows.size}, torch::kInt);
        auto* target = std::copy_n(rows.data, rows.count * rows.size, result.rows.data_ptr<int32_t>());
        copy_chosen(other_rows, numbers.get(), n_new, target);
    }
    if (mappings == Mappings::WANTED) {
        result.from_first = make_places(rows.count);
        std::iota(result.from_first.data_ptr<int64_t>(), result.from_first.data_ptr<int64_t>() + rows.count,
                  0);
        for (int64_t k = 0; k < other_rows.count; ++k) {
            place[k] = place[k] < 0 ? rows.count + numbers[k] : place[k];
        }
    }
    return result;
}

MappedRows intersect_host_rows(LabelsData& first, LabelsData& second, Mappings mappings) {
    const auto places = find_host_rows(second, first);
    auto result = keep_rows(first, places, /*keep_placed=*/true);
    if (mappings == Mappings::WANTED) {
        const auto n = second.host().count;
        result.from_second = make_places(n);
        auto* target = result.from_second.data_ptr<int64_t>();
        std::fill_n(target, n, -1);
        const auto* place = places.const_data_ptr<int64_t>();
        const auto* number = result.from_first.const_data_ptr<int64_t>();
        int64_t nowhere = -1; // where rows that are not in the second set are written, to do without a branch
        for (int64_t i = 0; i < places.numel(); ++i) {
            *(place[i] < 0 ? &nowhere : target + place[i]) = number[i];
        }
    }
    return result;
}

MappedRows subtract_host_rows(LabelsData& first, LabelsData& second, Mappings /*mappings*/) {
    return keep_rows(first, find_host_rows(second, first), /*keep_placed=*/false);
}

torch::Tensor select_host_rows(LabelsData& rows, const std::vector<int64_t>& columns, LabelsData& selection) {
    const auto all = rows.host();
    const auto is_selected = make_array<uint8_t>(all.count);
    if (!mark_by_table(all, columns, selection.host(), is_selected.get())) {
        mark_by_index(all, columns, selection, is_selected.get());
    }
    auto selected =
        make_places(std::accumulate(is_selected.get(), is_selected.get() + all.count, int64_t{0}));
    auto* target = selected.data_ptr<int64_t>();
    int64_t n_written = 0;
    for (int64_t i = 0; n_written < selected.numel(); ++i) {
        target[n_written] = i;
        n_written += is_selected[i];
    }
    return selected;
}

} // namespace metatensor_torch::details
