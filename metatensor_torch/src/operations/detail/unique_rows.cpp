// SPDX-License-Identifier: BSD-3-Clause
#include "operations/detail/unique_rows.hpp"

#include <algorithm>
#include <limits>

#include "data/empty_on_host.hpp"
#include "data/merge_rows.hpp"

namespace metatensor_torch::details {

namespace {

/// Rows as single numbers: digits of a number with a base for each column, so that their order is the same
struct Packing {
    std::vector<int64_t> lowest;
    std::vector<uint64_t> base;
    /// number of packed values, 0 if they do not fit in 64 bits
    uint64_t range = 1;
};

Packing packing_of(const std::vector<ColumnSet>& sets, int64_t n_columns) {
    Packing packing;
    for (int64_t j = 0; j < n_columns; ++j) {
        int32_t low = std::numeric_limits<int32_t>::max();
        int32_t high = std::numeric_limits<int32_t>::min();
        for (const auto& set : sets) {
            const auto [data, stride] = set.columns[j];
            for (int64_t i = 0; i < set.count; ++i) {
                low = std::min(low, data[i * stride]);
                high = std::max(high, data[i * stride]);
            }
        }
        packing.lowest.push_back(low);
        packing.base.push_back(low > high ? 1 : static_cast<uint64_t>(int64_t{high} - low) + 1);
        const bool fits = packing.range <= std::numeric_limits<uint64_t>::max() / packing.base.back();
        packing.range = fits ? packing.range * packing.base.back() : 0;
    }
    return packing;
}

template <typename Use>
void for_each_packed(const std::vector<ColumnSet>& sets, const Packing& packing, const Use& use) {
    const auto n_columns = packing.base.size();
    for (const auto& set : sets) {
        for (int64_t i = 0; i < set.count; ++i) {
            uint64_t packed = 0;
            for (size_t j = 0; j < n_columns; ++j) {
                const auto [data, stride] = set.columns[j];
                packed =
                    packed * packing.base[j] + static_cast<uint64_t>(data[i * stride] - packing.lowest[j]);
            }
            use(packed);
        }
    }
}

/// Sorted unique numbers, through one flag for each that there may be
std::vector<uint64_t> unique_by_flags(const std::vector<ColumnSet>& sets, const Packing& packing) {
    std::vector<char> present(packing.range, 0);
    for_each_packed(sets, packing, [&](uint64_t packed) { present[packed] = 1; });
    std::vector<uint64_t> unique;
    for (uint64_t packed = 0; packed < packing.range; ++packed) {
        if (present[packed] != 0) {
            unique.push_back(packed);
        }
    }
    return unique;
}

std::vector<uint64_t> unique_by_sorting(const std::vector<ColumnSet>& sets, const Packing& packing) {
    std::vector<uint64_t> unique;
    bool sorted = true;
    for_each_packed(sets, packing, [&](uint64_t packed) {
        if (unique.empty() || unique.back() != packed) {
            sorted = sorted && (unique.empty() || unique.back() < packed);
            unique.push_back(packed);
        }
    });
    if (!sorted) {
        std::sort(unique.begin(), unique.end());
        unique.erase(std::unique(unique.begin(), unique.end()), unique.end());
    }
    return unique;
}

torch::Tensor unpacked(const std::vector<uint64_t>& unique, const Packing& packing) {
    const auto n_columns = static_cast<int64_t>(packing.base.size());
    auto rows = empty_on_host({static_cast<int64_t>(unique.size()), n_columns}, torch::kInt);
    auto* row = rows.data_ptr<int32_t>();
    for (auto packed : unique) {
        for (auto j = n_columns - 1; j > 0; --j) {
            row[j] = static_cast<int32_t>(packing.lowest[j] + static_cast<int64_t>(packed % packing.base[j]));
            packed /= packing.base[j];
        }
        row[0] = static_cast<int32_t>(packing.lowest[0] + static_cast<int64_t>(packed));
        row += n_columns;
    }
    return rows;
}

torch::Tensor unique_by_comparing(const std::vector<ColumnSet>& sets, int64_t n_columns) {
    std::vector<int32_t> rows;
    int64_t count = 0;
    for (const auto& set : sets) {
        for (int64_t i = 0; i < set.count; ++i) {
            for (const auto& [data, stride] : set.columns) {
                rows.push_back(data[i * stride]);
            }
        }
        count += set.count;
    }
    const auto merged = merge_rows({rows.data(), count, n_columns}, /*sort=*/true);
    auto unique = empty_on_host({merged.count, n_columns}, torch::kInt);
    std::copy(merged.values.begin(), merged.values.end(), unique.data_ptr<int32_t>());
    return unique;
}

} // namespace

torch::Tensor unique_rows(const std::vector<ColumnSet>& sets, int64_t n_columns) {
    uint64_t count = 0;
    for (const auto& set : sets) {
        count += static_cast<uint64_t>(set.count);
    }
    if (count == 0) {
        return empty_on_host({0, n_columns}, torch::kInt);
    }
    const auto packing = packing_of(sets, n_columns);
    if (packing.range == 0) {
        return unique_by_comparing(sets, n_columns);
    }
    // a flag is read and written faster than a number is sorted
    return unpacked(packing.range <= 8 * count + 1024 ? unique_by_flags(sets, packing)
                                                      : unique_by_sorting(sets, packing),
                    packing);
}

} // namespace metatensor_torch::details
