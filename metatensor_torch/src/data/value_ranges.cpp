// SPDX-License-Identifier: BSD-3-Clause
#include "data/value_ranges.hpp"

#include <cstring>
#include <type_traits>

namespace metatensor_torch::details {

namespace {

void include_rows_from(int64_t first_row, RowSpan rows, std::vector<ValueRange>& ranges) {
    for (int64_t i = first_row; i < rows.count; ++i) {
        for (int64_t j = 0; j < rows.size; ++j) {
            ranges[j].include(rows[i][j]);
        }
    }
}

/// Four values, for vector instructions
using Values = int32_t __attribute__((vector_size(16)));

/// The rows four at a time: these are `N_COLUMNS` vectors, in which the columns take turns.
template <int64_t N_COLUMNS>
void include_rows(RowSpan rows, std::integral_constant<int64_t, N_COLUMNS>, std::vector<ValueRange>& ranges) {
    Values least[N_COLUMNS];
    Values greatest[N_COLUMNS];
    for (int64_t j = 0; j < N_COLUMNS; ++j) {
        least[j] = Values{} + ValueRange().least;
        greatest[j] = Values{} + ValueRange().greatest;
    }
    const auto n_vectorized = rows.count - rows.count % 4;
    for (const auto* row = rows.data; row != rows.data + n_vectorized * N_COLUMNS; row += 4 * N_COLUMNS) {
        for (int64_t j = 0; j < N_COLUMNS; ++j) {
            Values values;
            std::memcpy(&values, row + 4 * j, sizeof(values));
            least[j] = values < least[j] ? values : least[j];
            greatest[j] = values > greatest[j] ? values : greatest[j];
        }
    }
    for (int64_t k = 0; n_vectorized > 0 && k < 4 * N_COLUMNS; ++k) {
        ranges[k % N_COLUMNS].include(least[k / 4][k % 4]);
        ranges[k % N_COLUMNS].include(greatest[k / 4][k % 4]);
    }
    include_rows_from(n_vectorized, rows, ranges);
}

/// The same for any number of columns
void include_rows(RowSpan rows, int64_t /*size*/, std::vector<ValueRange>& ranges) {
    include_rows_from(0, rows, ranges);
}

} // namespace

std::vector<ValueRange> value_ranges(RowSpan rows) {
    std::vector<ValueRange> ranges(rows.size);
    with_row_size(rows.size, [&](auto size) { include_rows(rows, size, ranges); });
    return ranges;
}

} // namespace metatensor_torch::details
