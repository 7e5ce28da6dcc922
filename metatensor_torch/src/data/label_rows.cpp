// SPDX-License-Identifier: BSD-3-Clause
#include "data/label_rows.hpp"

#include <algorithm>
#include <limits>

#include <c10/util/Exception.h>

#include "data/row_keys.hpp"

namespace metatensor_torch::details {

namespace {

/// Rows whose slots are fetched together, to wait for memory only once
constexpr int64_t BATCH = 32;
/// Up to so many rows in two sorted sets are merged as they are: to pack them would cost more.
constexpr int64_t FEW_ROWS = 64;

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

/// Part of a merge: keys [i, n_keys) and wanted keys [k, n_wanted)
struct MergeRange {
    int64_t i;
    int64_t n_keys;
    int64_t k;
    int64_t n_wanted;
};

/// Which of the two goes on is arithmetic, not a branch: no processor could foresee it.
void merge_step(const uint64_t* keys, const uint64_t* wanted, int64_t* places, MergeRange& range) {
    const auto key = keys[range.i];
    const auto other = wanted[range.k];
    const auto not_greater = static_cast<int64_t>(key <= other);
    const auto not_less = static_cast<int64_t>(key >= other);
    places[range.k] = (range.i + 1) * (not_greater & not_less) - 1;
    range.i += not_greater;
    range.k += not_less;
}

/// For each key of `wanted` its place in `keys` or -1; both are ascending. Four parts of them take turns, as
/// each step waits for the one before it.
void merge_keys(const uint64_t* keys, int64_t n_keys, const uint64_t* wanted, int64_t n_wanted,
                int64_t* places) {
    constexpr int64_t N_RANGES = 4;
    MergeRange ranges[N_RANGES];
    for (int64_t r = 0; r < N_RANGES; ++r) {
        const auto k = r * n_wanted / N_RANGES;
        const auto i = k < n_wanted ? std::lower_bound(keys, keys + n_keys, wanted[k]) - keys : n_keys;
        ranges[r] = {i, n_keys, k, n_wanted};
        if (r > 0) {
            ranges[r - 1].n_keys = i;
            ranges[r - 1].n_wanted = k;
        }
    }
    while (true) {
        auto n_steps = n_wanted;
        for (const auto& range : ranges) {
            n_steps = std::min({n_steps, range.n_keys - range.i, range.n_wanted - range.k});
        }
        if (n_steps == 0) {
            break;
        }
        for (int64_t step = 0; step < n_steps; ++step) {
            for (auto& range : ranges) {
                merge_step(keys, wanted, places, range);
            }
        }
    }
    for (auto& range : ranges) {
        while (range.i < range.n_keys && range.k < range.n_wanted) {
            merge_step(keys, wanted, places, range);
        }
        std::fill(places + range.k, places + range.n_wanted, -1);
    }
}

/// The same for rows that have no keys
void merge_sorted_rows(RowSpan rows, RowSpan wanted, int64_t* places) {
    int64_t i = 0;
    for (int64_t k = 0; k < wanted.count; ++k) {
        while (i < rows.count && compare_rows(rows[i], wanted[k], rows.size) < 0) {
            ++i;
        }
        places[k] = i < rows.count && same_row(rows[i], wanted[k], rows.size) ? i : -1;
    }
}

} // namespace

bool is_sorted(RowSpan rows) { return rows.count == 0 || sorted_prefix(rows) == rows.count; }

RowIndex::RowIndex(RowSpan rows) {
    sorted_ = is_sorted(rows);
    if (!sorted_) {
        build_table(rows);
    } else if (rows.size == 1 && rows.count > 0) {
        range_ = int64_t{rows.data[rows.count - 1]} - rows.data[0] == rows.count - 1;
    }
}

void RowIndex::build_table(RowSpan rows) {
    TORCH_CHECK(rows.count < std::numeric_limits<uint32_t>::max(),
                "Labels can be searched up to 2^32 entries, got ", rows.count);
    uint64_t capacity = 16;
    while (capacity < 2 * static_cast<uint64_t>(rows.count)) {
        capacity *= 2;
    }
    table_.assign(capacity, Slot{0, 0});
    const auto mask = capacity - 1;

    if (const auto keys = RowKeys::of({rows}); keys && keys->n_bits() <= 32) {
        tags_ = std::make_shared<const RowKeys>(*keys);
    }
    with_row_size(rows.size, [&](auto size) {
        Probe probes[BATCH];
        for (int64_t start = 0; start < rows.count; start += BATCH) {
            const auto stop = std::min(start + BATCH, rows.count);
            for (int64_t i = start; i < stop; ++i) {
                probes[i - start] = probe(rows.data + i * size, size);
                __builtin_prefetch(&table_[probes[i - start].hash & mask], 1);
            }
            for (int64_t i = start; i < stop; ++i) {
                const auto& wanted = probes[i - start];
                auto slot = wanted.hash & mask;
                while (table_[slot].row != 0 &&
                       !is_at(table_[slot], wanted, rows, rows.data + i * size, size)) {
                    slot = (slot + 1) & mask;
                }
                if (table_[slot].row == 0) {
                    table_[slot] = {wanted.tag, static_cast<uint32_t>(i + 1)};
                } else if (!duplicate_) {
                    duplicate_ = i;
                }
            }
        }
    });
}

template <typename Size>
RowIndex::Probe RowIndex::probe(const int32_t* row, Size size) const {
    if (!tags_) {
        const auto hash = hash_row(row, size);
        return {hash, static_cast<uint32_t>(hash >> 32U), true};
    }
    bool possible = true;
    const auto key = tags_->key_of(row, size, possible);
    const auto hash = key * 0x9E3779B97F4A7C15ULL;
    return {hash >> 32U, static_cast<uint32_t>(key), possible};
}

template <typename Size>
bool RowIndex::is_at(const Slot& slot, const Probe& probe, RowSpan rows, const int32_t* row,
                     Size size) const {
    return slot.tag == probe.tag && (tags_ || same_row(rows.data + int64_t{slot.row - 1} * size, row, size));
}

int64_t RowIndex::find_sorted(RowSpan rows, const int32_t* row) const {
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
    return low < rows.count && same_row(rows[low], row, rows.size) ? low : -1;
}

template <typename Size>
int64_t RowIndex::find_hashed(RowSpan rows, const int32_t* row, const Probe& probe, Size size) const {
    if (!probe.possible) {
        return -1;
    }
    const auto mask = table_.size() - 1;
    for (auto slot = probe.hash & mask; table_[slot].row != 0; slot = (slot + 1) & mask) {
        if (is_at(table_[slot], probe, rows, row, size)) {
            return int64_t{table_[slot].row} - 1;
        }
    }
    return -1;
}

int64_t RowIndex::find(RowSpan rows, const int32_t* row) const {
    if (range_) {
        const auto place = int64_t{row[0]} - rows.data[0];
        return place >= 0 && place < rows.count ? place : -1;
    }
    return sorted_ ? find_sorted(rows, row) : find_hashed(rows, row, probe(row, rows.size), rows.size);
}

std::vector<int64_t> RowIndex::find_all(RowSpan rows, RowSpan wanted, bool wanted_sorted) const {
    std::vector<int64_t> places(wanted.count);
    find_all(rows, wanted, wanted_sorted, places.data());
    return places;
}

void RowIndex::find_all(RowSpan rows, RowSpan wanted, bool wanted_sorted, int64_t* places) const {
    if (!sorted_) {
        return find_all_hashed(rows, wanted, places);
    }
    // with far fewer rows than there are here, single searches cost less than to walk over all
    if (wanted_sorted && !range_ && rows.count < 16 * wanted.count) {
        if (rows.count + wanted.count <= FEW_ROWS) {
            return merge_sorted_rows(rows, wanted, places);
        }
        if (const auto keys = RowKeys::of({rows, wanted})) {
            return merge_keys(keys->pack(rows).get(), rows.count, keys->pack(wanted).get(), wanted.count,
                              places);
        }
        return merge_sorted_rows(rows, wanted, places);
    }
    for (int64_t k = 0; k < wanted.count; ++k) {
        places[k] = find(rows, wanted[k]);
    }
}

void RowIndex::find_all_hashed(RowSpan rows, RowSpan wanted, int64_t* places) const {
    const auto mask = table_.size() - 1;
    with_row_size(wanted.size, [&](auto size) {
        Probe probes[BATCH];
        for (int64_t start = 0; start < wanted.count; start += BATCH) {
            const auto stop = std::min(start + BATCH, wanted.count);
            for (int64_t k = start; k < stop; ++k) {
                probes[k - start] = probe(wanted.data + k * size, size);
                __builtin_prefetch(&table_[probes[k - start].hash & mask]);
            }
            for (int64_t k = start; k < stop; ++k) {
                places[k] = find_hashed(rows, wanted.data + k * size, probes[k - start], size);
            }
        }
    });
}

} // namespace metatensor_torch::details
