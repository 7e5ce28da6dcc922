// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>

#include "data/host_array.hpp"
#include "data/label_rows.hpp"

namespace metatensor_torch::details {

/// How rows are packed into unsigned 64-bit keys with the same order: each column has as many bits as its
/// values need.
class RowKeys {
  public:
    /// For the values in all of `sets`, which have the same number of columns; none if 64 bits are not
    /// enough, or if there are more than MAX_COLUMNS.
    static std::optional<RowKeys> of(std::initializer_list<RowSpan> sets);

    /// Key of each row; they must be of the sets that this was made for.
    HostArray<uint64_t> pack(RowSpan rows) const;
    /// Key of any row. `fits` is false if it has other values than there are in the sets, and the key has no
    /// meaning then.
    template <typename Size>
    uint64_t key_of(const int32_t* row, Size size, bool& fits) const {
        uint64_t key = 0;
        uint64_t excess = 0;
        for (int64_t j = 0; j < size; ++j) {
            const auto& column = columns_[j];
            const uint64_t value = static_cast<uint32_t>(row[j]) + column.offset;
            excess |= value & ~column.mask;
            key |= value << static_cast<unsigned>(column.shift);
        }
        fits = excess == 0;
        return key;
    }
    /// Bits that are used of a key
    int n_bits() const { return n_bits_; }

    static constexpr int64_t MAX_COLUMNS = 8;

  private:
    struct Column {
        /// number that is added to the values so that none is negative
        uint32_t offset = 0;
        /// place of the lowest bit in the key
        int shift = 0;
        /// bits that are used of the sum
        uint64_t mask = 0;
    };
    std::array<Column, MAX_COLUMNS> columns_;
    int n_bits_ = 0;
};

} // namespace metatensor_torch::details
