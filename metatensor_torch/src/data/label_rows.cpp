// SPDX-License-Identifier: BSD-3-Clause
#include "data/label_rows.hpp"

#include <algorithm>
#include <limits>

#include <c10/util/Exception.h>

namespace metatensor_torch::details {

namespace {

/// Rows whose slots are fetched together, to wait for memory only once
constexpr int64_t BATCH = 32;

/// Mixes the values two by two with odd 64-bit multipliers; the upper half of each state goes to the lower
/// one.
uint64_t hash_row(const int32_t* row, int64_t size) {
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

uint32_t tag_of(uint64_t hash) { return static_cast<uint32_t>(hash >> 32U); }

/// Number of rows at the start that are each greater than the one before. `Size` is the number of columns
/// when compiled for one, 0 for any.
template <int Size>
int64_t sorted_prefix(RowSpan rows) {
    const int64_t size = Size == 0 ? rows.size : Size;
    for (int64_t i = 1; i < rows.count; ++i) {
        if (compare_rows(rows.data + (i - 1) * size, rows.data + i * size, size) >= 0) {
            return i;
        }
    }
    return rows.count;
}

int64_t sorted_prefix(RowSpan rows) {
    switch (rows.size) {
    case 1:
        return sorted_prefix<1>(rows);
    case 2:
        return sorted_prefix<2>(rows);
    case 3:
        return sorted_prefix<3>(rows);
    case 4:
        return sorted_prefix<4>(rows);
    case 5:
        return sorted_prefix<5>(rows);
    default:
        return sorted_prefix<0>(rows);
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

    uint64_t hashes[BATCH];
    for (int64_t start = 0; start < rows.count; start += BATCH) {
        const auto stop = std::min(start + BATCH, rows.count);
        for (int64_t i = start; i < stop; ++i) {
            hashes[i - start] = hash_row(rows[i], rows.size);
            __builtin_prefetch(&table_[hashes[i - start] & mask], 1);
        }
        for (int64_t i = start; i < stop; ++i) {
            const auto hash = hashes[i - start];
            auto slot = hash & mask;
            while (table_[slot].row != 0 && !(table_[slot].tag == tag_of(hash) &&
                                              same_row(rows[table_[slot].row - 1], rows[i], rows.size))) {
                slot = (slot + 1) & mask;
            }
            if (table_[slot].row == 0) {
                table_[slot] = {tag_of(hash), static_cast<uint32_t>(i + 1)};
            } else if (!duplicate_) {
                duplicate_ = i;
            }
        }
    }
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

int64_t RowIndex::find_hashed(RowSpan rows, const int32_t* row, uint64_t hash) const {
    const auto mask = table_.size() - 1;
    for (auto slot = hash & mask; table_[slot].row != 0; slot = (slot + 1) & mask) {
        const int64_t candidate = int64_t{table_[slot].row} - 1;
        if (table_[slot].tag == tag_of(hash) && same_row(rows[candidate], row, rows.size)) {
            return candidate;
        }
    }
    return -1;
}

int64_t RowIndex::find(RowSpan rows, const int32_t* row) const {
    if (range_) {
        const auto place = int64_t{row[0]} - rows.data[0];
        return place >= 0 && place < rows.count ? place : -1;
    }
    return sorted_ ? find_sorted(rows, row) : find_hashed(rows, row, hash_row(row, rows.size));
}

std::vector<int64_t> RowIndex::merge(RowSpan rows, RowSpan wanted) const {
    std::vector<int64_t> places(wanted.count, -1);
    int64_t i = 0;
    for (int64_t k = 0; k < wanted.count && i < rows.count; ++k) {
        int order = -1;
        while (i < rows.count && (order = compare_rows(rows[i], wanted[k], rows.size)) < 0) {
            ++i;
        }
        if (order == 0) {
            places[k] = i;
        }
    }
    return places;
}

std::vector<int64_t> RowIndex::find_all(RowSpan rows, RowSpan wanted, bool wanted_sorted) const {
    // with far fewer rows than there are here, single searches cost less than to walk over all
    if (sorted_ && wanted_sorted && !range_ && rows.count < 16 * wanted.count) {
        return merge(rows, wanted);
    }
    std::vector<int64_t> places(wanted.count);
    if (sorted_) {
        for (int64_t k = 0; k < wanted.count; ++k) {
            places[k] = find(rows, wanted[k]);
        }
        return places;
    }
    const auto mask = table_.size() - 1;
    uint64_t hashes[BATCH];
    for (int64_t start = 0; start < wanted.count; start += BATCH) {
        const auto stop = std::min(start + BATCH, wanted.count);
        for (int64_t k = start; k < stop; ++k) {
            hashes[k - start] = hash_row(wanted[k], wanted.size);
            __builtin_prefetch(&table_[hashes[k - start] & mask]);
        }
        for (int64_t k = start; k < stop; ++k) {
            places[k] = find_hashed(rows, wanted[k], hashes[k - start]);
        }
    }
    return places;
}

} // namespace metatensor_torch::details
