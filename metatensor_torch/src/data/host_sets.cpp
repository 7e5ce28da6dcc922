// SPDX-License-Identifier: BSD-3-Clause
#include "data/host_sets.hpp"

#include <algorithm>
#include <numeric>

#include "data/empty_on_host.hpp"
#include "data/row_keys.hpp"

namespace metatensor_torch::details {

namespace {

torch::Tensor make_places(int64_t count) { return empty_on_host({count}, torch::kLong); }

/// Places or numbers of rows for use inside a function; those of small sets need no memory of the heap
class Scratch {
  public:
    explicit Scratch(int64_t count) { places_.resize_for_overwrite(count); }
    int64_t* get() { return places_.data(); }

  private:
    c10::SmallVector<int64_t, 64> places_;
};

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

/// Rows of `first` that have a place, or those that have none; where they go is written to `numbers`.
torch::Tensor keep_rows(LabelsData& first, const int64_t* places, bool keep_placed, int64_t* numbers) {
    const auto rows = first.host();
    const auto n_kept = number_kept(places, rows.count, keep_placed, numbers);
    if (n_kept == rows.count) {
        return first.host_tensor();
    }
    auto kept = empty_on_host({n_kept, rows.size}, torch::kInt);
    copy_chosen(rows, numbers, n_kept, kept.data_ptr<int32_t>());
    return kept;
}

/// For each row of `wanted` its place in `rows` or -1, written to `places`
void find_host_rows(LabelsData& rows, LabelsData& wanted, int64_t* places) {
    const auto wanted_rows = wanted.host();
    if (&rows == &wanted) {
        std::iota(places, places + wanted_rows.count, 0);
        return;
    }
    const auto& index = rows.index();
    // the order of what is searched only matters for a merge, and costs a pass
    index.find_all(rows.host(), wanted_rows, index.sorted() && is_sorted(wanted_rows), places);
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
    auto places = make_places(wanted.host().count);
    find_host_rows(rows, wanted, places.data_ptr<int64_t>());
    return places;
}

MappedRows unite_host_rows(LabelsData& first, LabelsData& second, Mappings mappings) {
    const auto rows = first.host();
    const auto other_rows = second.host();
    MappedRows result;
    Scratch scratch(mappings == Mappings::WANTED ? 0 : other_rows.count);
    auto* place = scratch.get();
    if (mappings == Mappings::WANTED) {
        result.from_second = make_places(other_rows.count);
        place = result.from_second.data_ptr<int64_t>();
    }
    find_host_rows(first, second, place);
    // places of new rows as numbers of what is copied, -1 for the others
    Scratch numbers(other_rows.count);
    const auto n_new = number_kept(place, other_rows.count, /*keep_placed=*/false, numbers.get());
    if (n_new == 0) {
        result.rows = first.host_tensor();
    } else {
        result.rows = empty_on_host({rows.count + n_new, rows.size}, torch::kInt);
        auto* target = std::copy_n(rows.data, rows.count * rows.size, result.rows.data_ptr<int32_t>());
        copy_chosen(other_rows, numbers.get(), n_new, target);
    }
    if (mappings == Mappings::WANTED) {
        result.from_first = make_places(rows.count);
        std::iota(result.from_first.data_ptr<int64_t>(), result.from_first.data_ptr<int64_t>() + rows.count,
                  0);
        for (int64_t k = 0; k < other_rows.count; ++k) {
            place[k] = place[k] < 0 ? rows.count + numbers.get()[k] : place[k];
        }
    }
    return result;
}

MappedRows intersect_host_rows(LabelsData& first, LabelsData& second, Mappings mappings) {
    const auto n_first = first.host().count;
    Scratch places(n_first);
    find_host_rows(second, first, places.get());
    if (mappings == Mappings::LEFT_OUT) {
        return {keep_rows(first, places.get(), /*keep_placed=*/true, places.get()), {}, {}};
    }
    MappedRows result;
    result.from_first = make_places(n_first);
    auto* number = result.from_first.data_ptr<int64_t>();
    result.rows = keep_rows(first, places.get(), /*keep_placed=*/true, number);

    const auto n_second = second.host().count;
    result.from_second = make_places(n_second);
    auto* target = result.from_second.data_ptr<int64_t>();
    std::fill_n(target, n_second, -1);
    const auto* place = places.get();
    int64_t nowhere = -1; // where rows that are not in the second set are written, to do without a branch
    for (int64_t i = 0; i < n_first; ++i) {
        *(place[i] < 0 ? &nowhere : target + place[i]) = number[i];
    }
    return result;
}

MappedRows subtract_host_rows(LabelsData& first, LabelsData& second, Mappings mappings) {
    const auto n_first = first.host().count;
    // the numbers of the rows replace their places
    if (mappings == Mappings::LEFT_OUT) {
        Scratch places(n_first);
        find_host_rows(second, first, places.get());
        return {keep_rows(first, places.get(), /*keep_placed=*/false, places.get()), {}, {}};
    }
    auto places = find_host_rows(second, first);
    auto* place = places.data_ptr<int64_t>();
    auto rows = keep_rows(first, place, /*keep_placed=*/false, place);
    return {std::move(rows), std::move(places), {}};
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
