// SPDX-License-Identifier: BSD-3-Clause
#include "data/device_rows.hpp"

#include <limits>

namespace metatensor_torch::details {

namespace {

using torch::Tensor;

/// Rows with these keys, in ascending order of them
SortedRows sort_keys(const Tensor& keys) {
    auto [sorted, order] = keys.sort(/*stable=*/true, /*dim=*/0, /*descending=*/false);
    auto is_first = torch::ones_like(sorted, torch::kBool);
    if (keys.size(0) > 1) {
        const auto n = keys.size(0);
        is_first.narrow(0, 1, n - 1).copy_(sorted.narrow(0, 1, n - 1) != sorted.narrow(0, 0, n - 1));
    }
    return {std::move(order), std::move(is_first)};
}

/// int64 [n] keys, which are the same for the same rows and have the lexicographic order of the rows: two
/// columns side by side; with more of them, the rank of what is packed already takes the place of the first.
Tensor keys_of(const Tensor& rows) {
    const auto n_columns = rows.size(1);
    if (n_columns == 0) {
        return torch::zeros({rows.size(0)}, rows.options().dtype(torch::kLong));
    }
    auto keys = rows.select(1, 0).to(torch::kLong);
    for (int64_t column = 1; column < n_columns; ++column) {
        if (column > 1) {
            keys = sort_keys(keys).ranks();
        }
        // values are shifted by the lowest one, so that they are no less than 0 and below 2^32
        const auto values = rows.select(1, column).to(torch::kLong) - std::numeric_limits<int32_t>::min();
        keys = keys * (int64_t{1} << 32) + values;
    }
    return keys;
}

/// For each row, in the given order, the first place of the same row: int64 [n]
Tensor first_places(const SortedRows& sorted) {
    const auto n = sorted.order.size(0);
    if (n == 0) {
        return sorted.order;
    }
    const auto run = sorted.is_first.cumsum(0) - 1;
    // the first row of each run; what is no first row is written behind the end
    const auto first_of_run = torch::empty({n + 1}, sorted.order.options())
                                  .scatter_(0, torch::where(sorted.is_first, run, n), sorted.order);
    return torch::empty_like(sorted.order).scatter_(0, sorted.order, first_of_run.index_select(0, run));
}

/// Numbers of the chosen rows, 0 for the first that is, and -1 for the others: int64 [n]
Tensor numbers_of(const Tensor& chosen) { return torch::where(chosen, chosen.cumsum(0) - 1, -1); }

Tensor chosen_rows(const Tensor& rows, const Tensor& chosen) {
    return rows.index_select(0, chosen.nonzero().squeeze(1));
}

} // namespace

Tensor SortedRows::ranks() const {
    return torch::empty_like(order).scatter_(0, order, is_first.cumsum(0) - 1);
}

SortedRows sort_rows(const Tensor& rows) { return sort_keys(keys_of(rows)); }

std::optional<Tensor> duplicate_row(const Tensor& rows) {
    const auto sorted = sort_rows(rows);
    if (sorted.is_first.all().item<bool>()) {
        return std::nullopt;
    }
    const auto place = sorted.is_first.to(torch::kInt).argmin();
    return rows.index_select(0, sorted.order.index_select(0, place.reshape({1}))).squeeze(0).to(torch::kCPU);
}

std::optional<int64_t> find_row(const Tensor& rows, const Tensor& row) {
    if (rows.size(0) == 0) {
        return std::nullopt;
    }
    const auto same = (rows == row.to(rows.device(), /*non_blocking=*/true)).all(1);
    const auto place = torch::where(same.any(), same.to(torch::kInt).argmax(), -1).item<int64_t>();
    return place < 0 ? std::nullopt : std::optional(place);
}

Tensor find_rows(const Tensor& rows, const Tensor& wanted) {
    const auto n = rows.size(0);
    const auto first = first_places(sort_rows(torch::cat({rows, wanted})));
    const auto places = first.narrow(0, n, wanted.size(0));
    return torch::where(places < n, places, -1);
}

MappedRows unite_rows(const Tensor& first, const Tensor& second) {
    const auto n = first.size(0);
    const auto places = find_rows(first, second);
    const auto is_new = places < 0;
    auto mapping = torch::where(is_new, n - 1 + is_new.cumsum(0), places);
    return {torch::cat({first, chosen_rows(second, is_new)}), torch::arange(n, mapping.options()),
            std::move(mapping)};
}

MappedRows intersect_rows(const Tensor& first, const Tensor& second) {
    const auto places = find_rows(second, first);
    const auto common = places >= 0;
    auto from_first = numbers_of(common);
    const auto n = second.size(0);
    // rows that are not in the second set are written behind its end
    auto from_second =
        torch::full({n + 1}, -1, places.options()).scatter_(0, torch::where(common, places, n), from_first);
    return {chosen_rows(first, common), std::move(from_first), from_second.narrow(0, 0, n)};
}

MappedRows subtract_rows(const Tensor& first, const Tensor& second) {
    const auto remaining = find_rows(second, first) < 0;
    return {chosen_rows(first, remaining), numbers_of(remaining), Tensor()};
}

std::tuple<Tensor, Tensor> unique_rows(const Tensor& rows, bool sort) {
    const auto sorted = sort_rows(rows);
    if (sort) {
        return {rows.index_select(0, chosen_rows(sorted.order, sorted.is_first)), sorted.ranks()};
    }
    const auto first = first_places(sorted);
    const auto is_first = first == torch::arange(rows.size(0), first.options());
    return {chosen_rows(rows, is_first), numbers_of(is_first).index_select(0, first)};
}

} // namespace metatensor_torch::details
