// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <vector>

#include "data/host_array.hpp"

/// Rows of integers on the host: order, look-up, search of one set of rows in another.
namespace metatensor_torch::details {

class RowKeys;
class RowTable;

/// Borrowed rows, int32 [count, size], contiguous
struct RowSpan {
    const int32_t* data;
    int64_t count;
    int64_t size;

    const int32_t* operator[](int64_t i) const { return data + i * size; }
    /// `n_rows` rows from `first` on
    RowSpan part(int64_t first, int64_t n_rows) const { return {data + first * size, n_rows, size}; }
};

/// Whether the `size` values of two rows are the same
inline bool same_row(const int32_t* a, const int32_t* b, int64_t size) {
    for (int64_t i = 0; i < size; ++i) {
        if (a[i] != b[i]) {
            return false;
        }
    }
    return true;
}

/// Negative, zero or positive like the lexicographic order of two rows of `size` values
inline int compare_rows(const int32_t* a, const int32_t* b, int64_t size) {
    for (int64_t i = 0; i < size; ++i) {
        if (a[i] != b[i]) {
            return a[i] < b[i] ? -1 : 1;
        }
    }
    return 0;
}

/// IndexError for the "sample" of an entry of a gradient that is not in the block
[[noreturn]] void refuse_sample(int64_t sample, int64_t n_samples);

/// Place of the sample that an entry of a gradient belongs to. It was checked when the gradient was added to
/// the block; but labels share memory with the tensor that they were made of, which somebody may have
/// changed.
inline int64_t checked_sample(int32_t sample, int64_t n_samples) {
    if (sample < 0 || sample >= n_samples) [[unlikely]] {
        refuse_sample(sample, n_samples);
    }
    return sample;
}

/// Calls `function` with the number of columns: as a constant for the usual ones, so that loops over the
/// columns are unrolled.
template <typename Function>
void with_row_size(int64_t size, const Function& function) {
    switch (size) {
    case 1:
        return function(std::integral_constant<int64_t, 1>());
    case 2:
        return function(std::integral_constant<int64_t, 2>());
    case 3:
        return function(std::integral_constant<int64_t, 3>());
    case 4:
        return function(std::integral_constant<int64_t, 4>());
    case 5:
        return function(std::integral_constant<int64_t, 5>());
    default:
        return function(size);
    }
}

/// Whether each row is greater than the one before
bool is_sorted(RowSpan rows);

/// Finds rows by value: by arithmetic in a range, by binary search in sorted rows, else in a table: one of
/// all possible rows if these are few (RowTable), or a hash table. Does not own the rows, which have to be
/// given to each call.
class RowIndex {
  public:
    /// Index of `rows`. Where a row occurs several times, the first is found.
    explicit RowIndex(RowSpan rows);
    /// The same for rows of which it is known whether they are sorted
    RowIndex(RowSpan rows, bool sorted);

    /// Place of the row with these values, -1 if there is none
    int64_t find(RowSpan rows, const int32_t* row) const;
    /// For each row of `wanted` its place in `rows` or -1; `wanted_sorted` allows a merge of both.
    std::vector<int64_t> find_all(RowSpan rows, RowSpan wanted, bool wanted_sorted) const;
    /// The same, written to `places` [wanted.count]
    void find_all(RowSpan rows, RowSpan wanted, bool wanted_sorted, int64_t* places) const;

    /// Whether each row is greater than the one before
    bool sorted() const { return sorted_; }
    /// First row that is the same as an earlier one
    const std::optional<int64_t>& duplicate() const { return duplicate_; }

  private:
    /// Place of a row in the hash table; `row` is one more than its number, 0 in free slots. `tag` is the row
    /// itself where 32 bits are enough for it, else a part of its hash.
    struct Slot {
        uint32_t tag;
        uint32_t row;
    };
    /// Where to look for a row and for which tag; a row with values that no row here has is not possible.
    struct Probe {
        uint64_t hash;
        uint32_t tag;
        bool possible;
    };

    template <typename Size>
    static Probe make_probe(const RowKeys* tags, const int32_t* row, Size size);
    template <typename Size, typename Visit>
    void for_each_probe(RowSpan rows, Size size, const Visit& visit) const;
    template <typename Size>
    uint64_t find_slot(RowSpan rows, const int32_t* row, const Probe& probe, Size size) const;

    void build_table(RowSpan rows);
    void build_hash_table(RowSpan rows);
    static int64_t find_sorted(RowSpan rows, const int32_t* row);
    template <typename Size>
    int64_t find_hashed(RowSpan rows, const int32_t* row, const Probe& probe, Size size) const;
    void find_all_hashed(RowSpan rows, RowSpan wanted, int64_t* places) const;

    bool sorted_ = false;
    bool range_ = false;
    std::optional<int64_t> duplicate_;
    /// null where there is a hash table, or none is needed
    std::shared_ptr<const RowTable> row_table_;
    HostArray<Slot> table_;
    /// number of slots, a power of two, less one
    uint64_t mask_ = 0;
    /// how a row becomes its tag, null if that is more than 32 bits
    std::shared_ptr<const RowKeys> tags_;
};

} // namespace metatensor_torch::details
