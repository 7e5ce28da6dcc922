// SPDX-License-Identifier: BSD-3-Clause
#include "data/host_sets.hpp"

#include <algorithm>
#include <numeric>

#include "data/empty_on_host.hpp"
#include "data/row_keys.hpp"

namespace metatensor_torch::details {

namespace {

torch::Tensor make_places(int64_t count) { return empty_on_host({count}, torch::kLong); }

/// For each row of a set whether it is chosen; that of small sets needs no memory of the heap
using Choice = c10::SmallVector<uint8_t, 256>;

/// Copies the first `n_chosen` rows for which `is_chosen(number)` to `target`. Each row is written, and then
/// written over if it was not chosen, as nobody can foresee which ones are.
template <typename IsChosen>
void copy_chosen(RowSpan rows, int64_t n_chosen, int32_t* target, const IsChosen& is_chosen) {
    with_row_size(rows.size, [&](auto size) {
        int64_t n_copied = 0;
        for (int64_t i = 0; n_copied < n_chosen; ++i) {
            for (int64_t j = 0; j < size; ++j) {
                target[n_copied * size + j] = rows.data[i * size + j];
            }
            n_copied += static_cast<int64_t>(is_chosen(i));
        }
    });
}

/// The chosen rows, of which there are `n_chosen`
template <typename IsChosen>
torch::Tensor chosen_rows(LabelsData& set, int64_t n_chosen, const IsChosen& is_chosen) {
    const auto rows = set.host();
    if (n_chosen == rows.count) {
        return set.host_tensor();
    }
    auto chosen = empty_on_host({n_chosen, rows.size}, torch::kInt);
    copy_chosen(rows, n_chosen, chosen.data_ptr<int32_t>(), is_chosen);
    return chosen;
}

/// Rows of `first`, then the chosen rows of `second`, of which there are `n_chosen`
template <typename IsChosen>
torch::Tensor append_chosen(LabelsData& first, LabelsData& second, int64_t n_chosen,
                            const IsChosen& is_chosen) {
    if (n_chosen == 0) {
        return first.host_tensor();
    }
    const auto rows = first.host();
    auto united = empty_on_host({rows.count + n_chosen, rows.size}, torch::kInt);
    auto* target = std::copy_n(rows.data, rows.count * rows.size, united.data_ptr<int32_t>());
    copy_chosen(second.host(), n_chosen, target, is_chosen);
    return united;
}

/// For each row of `wanted` its place in `rows` or -1, written to `places`
void find_host_rows(LabelsData& rows, LabelsData& wanted, int64_t* places) {
    const auto wanted_rows = wanted.host();
    if (&rows == &wanted) {
        std::iota(places, places + wanted_rows.count, 0);
        return;
    }
    // the order of what is searched only matters for a merge, and costs a pass
    rows.index().find_all(rows.host(), wanted_rows, rows.sorted() && wanted.sorted(), places);
}

/// Chooses the rows of `wanted` that are in `rows`, or those that are not; returns how many there are. Their
/// places never leave the cache.
int64_t choose(LabelsData& rows, LabelsData& wanted, bool if_found, Choice& choice) {
    const auto wanted_rows = wanted.host();
    choice.resize_for_overwrite(wanted_rows.count);
    if (&rows == &wanted) {
        std::fill(choice.begin(), choice.end(), static_cast<uint8_t>(if_found));
        return if_found ? wanted_rows.count : 0;
    }
    constexpr int64_t PIECE = 4096;
    int64_t places[PIECE];
    const bool sorted = rows.sorted() && wanted.sorted();
    int64_t n_chosen = 0;
    for (int64_t start = 0; start < wanted_rows.count; start += PIECE) {
        const auto count = std::min(PIECE, wanted_rows.count - start);
        rows.index().find_all(rows.host(), wanted_rows.part(start, count), sorted, places);
        for (int64_t i = 0; i < count; ++i) {
            const auto chosen = static_cast<uint8_t>((places[i] >= 0) == if_found);
            choice[start + i] = chosen;
            n_chosen += chosen;
        }
    }
    return n_chosen;
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
    if (mappings == Mappings::LEFT_OUT) {
        Choice is_new;
        const auto n_new = choose(first, second, /*if_found=*/false, is_new);
        return {append_chosen(first, second, n_new, [&](int64_t k) { return is_new[k]; }), {}, {}};
    }
    const auto n_first = first.host().count;
    MappedRows result;
    result.from_second = find_host_rows(first, second);
    auto* const place = result.from_second.data_ptr<int64_t>();
    auto n_united = n_first;
    for (int64_t k = 0; k < result.from_second.numel(); ++k) {
        const bool is_new = place[k] < 0;
        place[k] = is_new ? n_united : place[k];
        n_united += static_cast<int64_t>(is_new);
    }
    result.rows =
        append_chosen(first, second, n_united - n_first, [&](int64_t k) { return place[k] >= n_first; });
    result.from_first = make_places(n_first);
    std::iota(result.from_first.data_ptr<int64_t>(), result.from_first.data_ptr<int64_t>() + n_first, 0);
    return result;
}

MappedRows intersect_host_rows(LabelsData& first, LabelsData& second, Mappings mappings) {
    if (mappings == Mappings::LEFT_OUT) {
        Choice is_common;
        const auto n_common = choose(second, first, /*if_found=*/true, is_common);
        return {chosen_rows(first, n_common, [&](int64_t i) { return is_common[i]; }), {}, {}};
    }
    MappedRows result;
    result.from_first = find_host_rows(second, first);
    auto* const place = result.from_first.data_ptr<int64_t>();
    const auto n_second = second.host().count;
    result.from_second = make_places(n_second);
    auto* const target = result.from_second.data_ptr<int64_t>();
    std::fill_n(target, n_second, -1);
    int64_t n_common = 0;
    int64_t nowhere = -1; // where rows that are not in the second set are written, to do without a branch
    for (int64_t i = 0; i < result.from_first.numel(); ++i) {
        const auto is_common = static_cast<int64_t>(place[i] >= 0);
        *(is_common != 0 ? target + place[i] : &nowhere) = n_common;
        place[i] = (n_common + 1) * is_common - 1;
        n_common += is_common;
    }
    result.rows = chosen_rows(first, n_common, [&](int64_t i) { return place[i] >= 0; });
    return result;
}

MappedRows subtract_host_rows(LabelsData& first, LabelsData& second, Mappings mappings) {
    if (mappings == Mappings::LEFT_OUT) {
        Choice is_kept;
        const auto n_kept = choose(second, first, /*if_found=*/false, is_kept);
        return {chosen_rows(first, n_kept, [&](int64_t i) { return is_kept[i]; }), {}, {}};
    }
    auto from_first = find_host_rows(second, first);
    auto* const place = from_first.data_ptr<int64_t>();
    int64_t n_kept = 0;
    for (int64_t i = 0; i < from_first.numel(); ++i) {
        const auto is_kept = static_cast<int64_t>(place[i] < 0);
        place[i] = (n_kept + 1) * is_kept - 1;
        n_kept += is_kept;
    }
    auto rows = chosen_rows(first, n_kept, [&](int64_t i) { return place[i] >= 0; });
    return {std::move(rows), std::move(from_first), {}};
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
