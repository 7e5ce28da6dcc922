// SPDX-License-Identifier: BSD-3-Clause
#include "data/sort_rows.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>

#include "data/value_ranges.hpp"

namespace metatensor_torch::details {

namespace {

/// Bits of a key that one pass sorts by
constexpr int DIGIT_BITS = 11;
/// Rows up to which comparisons are faster
constexpr int64_t FEW_ROWS = 64;

/// How the values of a column become numbers without a sign
struct Digits {
    int64_t least;
    int n_bits;
};

std::vector<Digits> column_digits(RowSpan rows) {
    std::vector<Digits> digits;
    for (const auto& range : value_ranges(rows)) {
        const auto width = static_cast<uint64_t>(int64_t{range.greatest} - range.least);
        digits.push_back({range.least, static_cast<int>(std::bit_width(width))});
    }
    return digits;
}

/// Columns [first, last) of the rows as numbers of `n_bits` bits in the same order
struct PackedColumns {
    int64_t first;
    int64_t last;
    int n_bits;
};

/// As many columns as fit into 64 bits, the last one being `last` - 1
PackedColumns pack_up_to(int64_t last, const std::vector<Digits>& digits) {
    PackedColumns packed{last, last, 0};
    while (packed.first > 0 && packed.n_bits + digits[packed.first - 1].n_bits <= 64) {
        packed.n_bits += digits[--packed.first].n_bits;
    }
    return packed;
}

struct KeyedPlace {
    uint64_t key;
    int64_t place;
};

void set_keys(std::vector<KeyedPlace>& keyed, RowSpan rows, const PackedColumns& columns,
              const std::vector<Digits>& digits) {
    for (auto& [key, place] : keyed) {
        key = 0;
        for (auto j = columns.first; j < columns.last; ++j) {
            // a column of 32 bits is never shifted out: then it is the first of its pack
            key = (key << static_cast<unsigned>(digits[j].n_bits)) |
                  static_cast<uint64_t>(rows[place][j] - digits[j].least);
        }
    }
}

void sort_by_key(std::vector<KeyedPlace>& keyed, std::vector<KeyedPlace>& buffer, int n_bits) {
    constexpr uint64_t MASK = (1U << DIGIT_BITS) - 1;
    for (int shift = 0; shift < n_bits; shift += DIGIT_BITS) {
        std::array<int64_t, MASK + 2> starts{};
        for (const auto& element : keyed) {
            ++starts[((element.key >> static_cast<unsigned>(shift)) & MASK) + 1];
        }
        std::partial_sum(starts.begin(), starts.end(), starts.begin());
        for (const auto& element : keyed) {
            buffer[starts[(element.key >> static_cast<unsigned>(shift)) & MASK]++] = element;
        }
        keyed.swap(buffer);
    }
}

} // namespace

std::vector<int64_t> sorted_places(RowSpan rows) {
    std::vector<int64_t> places(rows.count);
    std::iota(places.begin(), places.end(), 0);
    if (rows.count <= FEW_ROWS) {
        std::stable_sort(places.begin(), places.end(),
                         [&](int64_t a, int64_t b) { return compare_rows(rows[a], rows[b], rows.size) < 0; });
        return places;
    }
    const auto digits = column_digits(rows);
    std::vector<KeyedPlace> keyed(rows.count);
    std::vector<KeyedPlace> buffer(rows.count);
    for (int64_t i = 0; i < rows.count; ++i) {
        keyed[i].place = i;
    }
    for (auto last = rows.size; last > 0;) {
        const auto columns = pack_up_to(last, digits);
        set_keys(keyed, rows, columns, digits);
        sort_by_key(keyed, buffer, columns.n_bits);
        last = columns.first;
    }
    std::transform(keyed.begin(), keyed.end(), places.begin(),
                   [](const auto& element) { return element.place; });
    return places;
}

} // namespace metatensor_torch::details
