// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

/// Rows of integers on the host: order, look-up, search of one set of rows in another.
namespace metatensor_torch::details {

/// Borrowed rows, int32 [count, size], contiguous
struct RowSpan {
    const int32_t* data;
    int64_t count;
    int64_t size;

    const int32_t* operator[](int64_t i) const { return data + i * size; }
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

/// Whether each row is greater than the one before
bool is_sorted(RowSpan rows);

/// Finds rows by value: by arithmetic in a range, by binary search in sorted rows, else by a hash table.
/// Does not own the rows, which have to be given to each call.
class RowIndex {
  public:
    /// Index of `rows`. Where a row occurs several times, the first is found.
    explicit RowIndex(RowSpan rows);

    /// Place of the row with these values, -1 if there is none
    int64_t find(RowSpan rows, const int32_t* row) const;
    /// For each row of `wanted` its place in `rows` or -1; `wanted_sorted` allows a merge of both.
    std::vector<int64_t> find_all(RowSpan rows, RowSpan wanted, bool wanted_sorted) const;

    /// Whether each row is greater than the one before
    bool sorted() const { return sorted_; }
    /// First row that is the same as an earlier one
    const std::optional<int64_t>& duplicate() const { return duplicate_; }

  private:
    /// Place of a row in the hash table; `row` is one more than its number, 0 in free slots.
    struct Slot {
        uint32_t tag;
        uint32_t row;
    };

    void build_table(RowSpan rows);
    int64_t find_sorted(RowSpan rows, const int32_t* row) const;
    int64_t find_hashed(RowSpan rows, const int32_t* row, uint64_t hash) const;
    std::vector<int64_t> merge(RowSpan rows, RowSpan wanted) const;

    bool sorted_ = false;
    bool range_ = false;
    std::optional<int64_t> duplicate_;
    std::vector<Slot> table_;
};

} // namespace metatensor_torch::details
