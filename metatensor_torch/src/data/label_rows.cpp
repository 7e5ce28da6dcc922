// SPDX-License-Identifier: BSD-3-Clause
#include "data/label_rows.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include <c10/util/Exception.h>

#include "data/row_keys.hpp"
#include "data/row_table.hpp"

namespace metatensor_torch::details {

namespace {

/// Rows whose slots are fetched together, to wait for memory only once
constexpr int64_t BATCH = 32;

/// Mixes the values two by two with odd 64-bit multipliers; the upper half of each state goes to the lower
/// one.
template <typename Size>
uint64_t hash_row(const int32_t* row, Size size) {
    uint64_t state = 0x9E3779B97F4A7C15ULL;
    int64_t i = 0;
    for (; i + 1 < size; i += 2) {
        const auto pair =
            (static_cast<uint64_t>(static_cast<uint32_t>(row[i])) << 32U) | static_cast<uint32_t>(row[i + 1]);
        state = (state ^ pair) * 0xD6E8FEB86659FD93ULL;
        state ^= state >> 32U;
    }
    if (i < size) {
        state = (state ^ static_cast<uint32_t>(row[i])) * 0xD6E8FEB86659FD93ULL;
        state ^= state >> 32U;
    }
    state *= 0xCA9B0C7EBA1DA115ULL;
    return state ^ (state >> 29U);
}

/// Number of rows at the start that are each greater than the one before
int64_t sorted_prefix(RowSpan rows) {
    int64_t count = rows.count;
    with_row_size(rows.size, [&](auto size) {
        for (int64_t i = 1; i < rows.count; ++i) {
            if (compare_rows(rows.data + (i - 1) * size, rows.data + i * size, size) >= 0) {
                count = i;
                return;
            }
        }
    });
    return count;
}

/// Number of rows before the first one that is not less than `row`; `rows` are sorted.
int64_t lower_bound(RowSpan rows, const int32_t* row) {
    int64_t low = 0;
    int64_t high = rows.count;
    while (low < high) {
        const auto middle = low + (high - low) / 2;
        if (compare_rows(rows[middle], row, rows.size) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/// Added to a number without a sign, this gives the order of numbers with one
constexpr uint32_t SIGN = uint32_t{1} << 31U;

/// Two values as a number with the lexicographic order of both
int64_t pair_key(const int32_t* values) {
    uint64_t key = 0;
    if constexpr (std::endian::native == std::endian::little) {
        std::memcpy(&key, values, sizeof(key));
        key = std::rotl(key, 32);
    } else {
        key = (static_cast<uint64_t>(static_cast<uint32_t>(values[0])) << 32U) |
              static_cast<uint32_t>(values[1]);
    }
    return static_cast<int64_t>(key ^ SIGN);
}

__extension__ using WideKey = __int128;

WideKey wide_key(int64_t first, uint64_t second) { return (static_cast<WideKey>(first) << 64U) | second; }

/// A row as a number with the lexicographic order of its values
template <int64_t SIZE>
auto row_key(const int32_t* row) {
    if constexpr (SIZE == 1) {
        return *row;
    } else if constexpr (SIZE == 2) {
        return pair_key(row);
    } else if constexpr (SIZE == 3) {
        return wide_key(pair_key(row), static_cast<uint32_t>(row[2]) ^ SIGN);
    } else {
        static_assert(SIZE == 4);
        return wide_key(pair_key(row), static_cast<uint64_t>(pair_key(row + 2)) ^ (uint64_t{1} << 63U));
    }
}

/// The same as compare_rows by arithmetic: no processor could foresee where two sets differ.
template <int64_t SIZE>
int order_of_rows(const int32_t* a, const int32_t* b, std::integral_constant<int64_t, SIZE>) {
    if constexpr (SIZE <= 4) {
        const auto first = row_key<SIZE>(a);
        const auto second = row_key<SIZE>(b);
        return static_cast<int>(first > second) - static_cast<int>(first < second);
    } else {
        constexpr auto REST = std::integral_constant<int64_t, SIZE - 4>();
        constexpr auto FOUR = std::integral_constant<int64_t, 4>();
        return 2 * order_of_rows(a, b, FOUR) + order_of_rows(a + 4, b + 4, REST);
    }
}

int order_of_rows(const int32_t* a, const int32_t* b, int64_t size) { return compare_rows(a, b, size); }

/// Part of a merge: rows [i, n_rows) and wanted rows [k, n_wanted)
struct MergeRange {
    int64_t i;
    int64_t n_rows;
    int64_t k;
    int64_t n_wanted;
};

template <typename Size>
void merge_step(RowSpan rows, RowSpan wanted, Size size, int64_t first, int64_t* places, MergeRange& range) {
    const auto order = order_of_rows(rows.data + range.i * size, wanted.data + range.k * size, size);
    // -1 has all bits set
    places[range.k] = (first + range.i) | -static_cast<int64_t>(order != 0);
    range.i += static_cast<int64_t>(order <= 0);
    range.k += static_cast<int64_t>(order >= 0);
}

/// For each row of `wanted` its place in `rows`, where `first` is the place of the first, or -1; both are
/// sorted. Four parts of them take turns, as each step waits for the one before it.
void merge_sorted(RowSpan rows, RowSpan wanted, int64_t first, int64_t* places) {
    constexpr int64_t N_RANGES = 4;
    MergeRange ranges[N_RANGES];
    for (int64_t r = 0; r < N_RANGES; ++r) {
        const auto k = r * wanted.count / N_RANGES;
        const auto i = k < wanted.count ? lower_bound(rows, wanted[k]) : rows.count;
        ranges[r] = {i, rows.count, k, wanted.count};
        if (r > 0) {
            ranges[r - 1].n_rows = i;
            ranges[r - 1].n_wanted = k;
        }
    }
    with_row_size(rows.size, [&](auto size) {
        while (true) {
            auto n_steps = wanted.count;
            for (const auto& range : ranges) {
                n_steps = std::min({n_steps, range.n_rows - range.i, range.n_wanted - range.k});
            }
            if (n_steps == 0) {
                break;
            }
            for (int64_t step = 0; step < n_steps; ++step) {
                for (auto& range : ranges) {
                    merge_step(rows, wanted, size, first, places, range);
                }
            }
        }
        for (auto& range : ranges) {
            while (range.i < range.n_rows && range.k < range.n_wanted) {
                merge_step(rows, wanted, size, first, places, range);
            }
            std::fill(places + range.k, places + range.n_wanted, -1);
        }
    });
}

} // namespace

void refuse_sample(int64_t sample, int64_t n_samples) {
    TORCH_CHECK_INDEX(false, "the 'sample' of an entry of a gradient must be the place of one of the ",
                      n_samples, " samples of the block, got ", sample,
                      ": the tensor that its labels were made of was changed afterwards");
}

bool is_sorted(RowSpan rows) { return rows.count == 0 || sorted_prefix(rows) == rows.count; }

RowIndex::RowIndex(RowSpan rows) : RowIndex(rows, is_sorted(rows)) {}

RowIndex::RowIndex(RowSpan rows, bool sorted) : sorted_(sorted) {
    if (!sorted_) {
        build_table(rows);
    } else if (rows.size == 1 && rows.count > 0) {
        range_ = int64_t{rows.data[rows.count - 1]} - rows.data[0] == rows.count - 1;
    }
}

void RowIndex::build_table(RowSpan rows) {
    TORCH_CHECK(rows.count < std::numeric_limits<uint32_t>::max(),
                "Labels can be searched up to 2^32 entries, got ", rows.count);
    if (auto table = RowTable::of(rows)) {
        duplicate_ = table->duplicate();
        row_table_ = std::make_shared<const RowTable>(std::move(*table));
    } else {
        build_hash_table(rows);
    }
}

void RowIndex::build_hash_table(RowSpan rows) {
    uint64_t capacity = 16;
    while (capacity < 2 * static_cast<uint64_t>(rows.count)) {
        capacity *= 2;
    }
    table_ = make_array<Slot>(static_cast<int64_t>(capacity));
    std::fill_n(table_.get(), capacity, Slot{0, 0});
    mask_ = capacity - 1;

    if (const auto keys = RowKeys::of({rows}); keys && keys->n_bits() <= 32) {
        tags_ = std::make_shared<const RowKeys>(*keys);
    }
    with_row_size(rows.size, [&](auto size) {
        for_each_probe(rows, size, [&](int64_t i, const Probe& probe) {
            auto& slot = table_[find_slot(rows, rows.data + i * size, probe, size)];
            if (slot.row == 0) {
                slot = {probe.tag, static_cast<uint32_t>(i + 1)};
            } else if (!duplicate_) {
                duplicate_ = i;
            }
        });
    });
}

template <typename Size>
RowIndex::Probe RowIndex::make_probe(const RowKeys* tags, const int32_t* row, Size size) {
    if (tags == nullptr) {
        const auto hash = hash_row(row, size);
        return {hash, static_cast<uint32_t>(hash >> 32U), true};
    }
    bool possible = true;
    const auto key = tags->key_of(row, size, possible);
    const auto hash = key * 0x9E3779B97F4A7C15ULL;
    return {hash >> 32U, static_cast<uint32_t>(key), possible};
}

/// Calls `visit(number, probe)` for all rows; what it will read of the table is fetched before.
template <typename Size, typename Visit>
void RowIndex::for_each_probe(RowSpan rows, Size size, const Visit& visit) const {
    // a copy, which the compiler knows not to change
    const auto tags = tags_ ? *tags_ : RowKeys();
    const auto* const used_tags = tags_ ? &tags : nullptr;
    Probe probes[BATCH];
    for (int64_t start = 0; start < rows.count; start += BATCH) {
        const auto stop = std::min(start + BATCH, rows.count);
        for (int64_t i = start; i < stop; ++i) {
            probes[i - start] = make_probe(used_tags, rows.data + i * size, size);
            __builtin_prefetch(&table_[probes[i - start].hash & mask_], 1);
        }
        for (int64_t i = start; i < stop; ++i) {
            visit(i, probes[i - start]);
        }
    }
}

/// Slot of the row, or the free one where it could be put
template <typename Size>
uint64_t RowIndex::find_slot(RowSpan rows, const int32_t* row, const Probe& probe, Size size) const {
    for (auto at = probe.hash & mask_;; at = (at + 1) & mask_) {
        const auto slot = table_[at];
        // one branch for both, as no processor could foresee which of them it is
        const auto found_or_free = static_cast<int>(slot.tag == probe.tag) | static_cast<int>(slot.row == 0);
        if (found_or_free != 0 &&
            (tags_ || slot.row == 0 || same_row(rows.data + int64_t{slot.row - 1} * size, row, size))) {
            return at;
        }
    }
}

int64_t RowIndex::find_sorted(RowSpan rows, const int32_t* row) {
    const auto place = lower_bound(rows, row);
    return place < rows.count && same_row(rows[place], row, rows.size) ? place : -1;
}

template <typename Size>
int64_t RowIndex::find_hashed(RowSpan rows, const int32_t* row, const Probe& probe, Size size) const {
    return probe.possible ? int64_t{table_[find_slot(rows, row, probe, size)].row} - 1 : -1;
}

int64_t RowIndex::find(RowSpan rows, const int32_t* row) const {
    if (range_) {
        const auto place = int64_t{row[0]} - rows.data[0];
        return place >= 0 && place < rows.count ? place : -1;
    }
    if (sorted_) {
        return find_sorted(rows, row);
    }
    return row_table_ ? row_table_->find(row)
                      : find_hashed(rows, row, make_probe(tags_.get(), row, rows.size), rows.size);
}

std::vector<int64_t> RowIndex::find_all(RowSpan rows, RowSpan wanted, bool wanted_sorted) const {
    std::vector<int64_t> places(wanted.count);
    find_all(rows, wanted, wanted_sorted, places.data());
    return places;
}

void RowIndex::find_all(RowSpan rows, RowSpan wanted, bool wanted_sorted, int64_t* places) const {
    if (!sorted_) {
        return row_table_ ? row_table_->find_all(wanted, places) : find_all_hashed(rows, wanted, places);
    }
    if (wanted_sorted && !range_ && wanted.count > 0) {
        // where the first and the last could be, all others are between
        const auto first = lower_bound(rows, wanted[0]);
        const auto near = rows.part(first, rows.count - first);
        const auto n_near = std::min(near.count, lower_bound(near, wanted[wanted.count - 1]) + 1);
        // with far fewer rows than there are here, single searches cost less than to walk over all
        if (n_near < 16 * wanted.count) {
            return merge_sorted(near.part(0, n_near), wanted, first, places);
        }
    }
    for (int64_t k = 0; k < wanted.count; ++k) {
        places[k] = find(rows, wanted[k]);
    }
}

void RowIndex::find_all_hashed(RowSpan rows, RowSpan wanted, int64_t* places) const {
    with_row_size(wanted.size, [&](auto size) {
        for_each_probe(wanted, size, [&](int64_t k, const Probe& probe) {
            places[k] = find_hashed(rows, wanted.data + k * size, probe, size);
        });
    });
}

} // namespace metatensor_torch::details
