// SPDX-License-Identifier: BSD-3-Clause
#include "data/row_keys.hpp"

#include <bit>
#include <cstring>

namespace metatensor_torch::details {

namespace {

/// Bits that the values of a column need, as the union of those of each value
struct UsedBits {
    /// of x, or of -1 - x for negative values
    uint32_t magnitude = 0;
    /// the highest one is set if a value is negative
    uint32_t sign = 0;
};

using UsedBitsOfColumns = std::array<UsedBits, RowKeys::MAX_COLUMNS>;

void add_used_bits_from(int64_t first_row, RowSpan rows, UsedBitsOfColumns& used) {
    for (int64_t i = first_row; i < rows.count; ++i) {
        for (int64_t j = 0; j < rows.size; ++j) {
            const auto value = rows[i][j];
            used[j].magnitude |= static_cast<uint32_t>(value ^ (value >> 31));
            used[j].sign |= static_cast<uint32_t>(value);
        }
    }
}

/// Four values, for vector instructions
using Values = int32_t __attribute__((vector_size(16)));

/// Adds the bits of the rows, four at a time: these are `N_COLUMNS` vectors, in which the columns take turns.
template <int64_t N_COLUMNS>
void add_used_bits(RowSpan rows, std::integral_constant<int64_t, N_COLUMNS>, UsedBitsOfColumns& used) {
    Values magnitudes[N_COLUMNS] = {};
    Values signs[N_COLUMNS] = {};
    const auto n_vectorized = rows.count - rows.count % 4;
    for (const auto* row = rows.data; row != rows.data + n_vectorized * N_COLUMNS; row += 4 * N_COLUMNS) {
        for (int64_t j = 0; j < N_COLUMNS; ++j) {
            Values values;
            std::memcpy(&values, row + 4 * j, sizeof(values));
            magnitudes[j] |= values ^ (values >> 31);
            signs[j] |= values;
        }
    }
    for (int64_t k = 0; k < 4 * N_COLUMNS; ++k) {
        used[k % N_COLUMNS].magnitude |= static_cast<uint32_t>(magnitudes[k / 4][k % 4]);
        used[k % N_COLUMNS].sign |= static_cast<uint32_t>(signs[k / 4][k % 4]);
    }
    add_used_bits_from(n_vectorized, rows, used);
}

/// The same for any number of columns
void add_used_bits(RowSpan rows, int64_t /*size*/, UsedBitsOfColumns& used) {
    add_used_bits_from(0, rows, used);
}

} // namespace

std::optional<RowKeys> RowKeys::of(std::initializer_list<RowSpan> sets) {
    const auto n_columns = sets.begin()->size;
    if (n_columns > MAX_COLUMNS) {
        return std::nullopt;
    }
    UsedBitsOfColumns used{};
    for (const auto& rows : sets) {
        with_row_size(rows.size, [&](auto size) { add_used_bits(rows, size, used); });
    }
    RowKeys keys;
    for (auto column = n_columns - 1; column >= 0; --column) {
        const bool any_negative = (used[column].sign >> 31U) != 0;
        const int magnitude_bits = std::bit_width(used[column].magnitude);
        const int width = magnitude_bits + (any_negative ? 1 : 0);
        // a column of zeros above 64 bits adds nothing at any place
        keys.columns_[column] = {any_negative ? uint32_t{1} << magnitude_bits : 0,
                                 keys.n_bits_ == 64 ? 0 : keys.n_bits_, (uint64_t{1} << width) - 1};
        keys.n_bits_ += width;
        if (keys.n_bits_ > 64) {
            return std::nullopt;
        }
    }
    return keys;
}

HostArray<uint64_t> RowKeys::pack(RowSpan rows) const {
    auto keys = make_array<uint64_t>(rows.count);
    with_row_size(rows.size, [&](auto size) {
        for (int64_t i = 0; i < rows.count; ++i) {
            bool fits = true;
            keys[i] = key_of(rows.data + i * size, size, fits);
        }
    });
    return keys;
}

} // namespace metatensor_torch::details
