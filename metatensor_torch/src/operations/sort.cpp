// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <map>
#include <numeric>
#include <unordered_map>

#include "data/fetch_labels.hpp"
#include "data/labels_data.hpp"
#include "data/sort_rows.hpp"
#include "metatensor/torch/operations/selections.hpp"
#include "operations/detail/arguments.hpp"
#include "operations/detail/blocks.hpp"
#include "operations/detail/change_labels.hpp"
#include "operations/detail/memory.hpp"

namespace metatensor_torch {

namespace {

using details::Axis;
using details::BlockData;
using details::RowSpan;

/// Labels in their new order
struct Sorted {
    Labels labels;
    /// Old places in the new order; empty if nothing moves
    std::vector<int64_t> order;
    /// The same on the device of the labels; undefined if nothing moves
    torch::Tensor index;
};

/// Sorts axes of blocks. What was found for labels is remembered: blocks of a map often share them.
class Sorter {
  public:
    Sorter(std::vector<Axis> axes, bool descending) : axes_(std::move(axes)), descending_(descending) {}

    bool sorts(Axis axis) const { return std::find(axes_.begin(), axes_.end(), axis) != axes_.end(); }

    /// Sorted entries of `labels`
    const Sorted& sorted(const Labels& labels);
    /// Sorted block and gradients
    details::BlockPtr sort(const BlockData& block) { return sort(block, samples_of(block)); }

  private:
    const Sorted& samples_of(const BlockData& block);
    const Sorted& gradient_samples(const BlockData& gradient, const Sorted& samples_of_block);
    details::BlockPtr sort(const BlockData& block, const Sorted& samples);
    Sorted sorted_rows(const Labels& labels, RowSpan rows) const;

    std::vector<Axis> axes_;
    bool descending_;
    std::unordered_map<const void*, Sorted> known_;
    std::unordered_map<const void*, Sorted> unsorted_;
    std::map<std::pair<const void*, const void*>, Sorted> known_gradients_;
};

Sorted Sorter::sorted_rows(const Labels& labels, RowSpan rows) const {
    const bool own_rows = rows.data == labels->data()->host().data;
    const bool are_sorted = !descending_ && details::is_sorted(rows);
    if (are_sorted && own_rows) {
        return {labels, {}, {}};
    }
    std::vector<int64_t> order(rows.count);
    std::iota(order.begin(), order.end(), 0);
    if (!are_sorted) {
        order = details::sorted_places(rows);
    }
    if (descending_) {
        std::reverse(order.begin(), order.end());
    }
    if (!std::is_sorted(order.begin(), order.end())) {
        auto index = details::int64_tensor(order, labels->device());
        auto moved = details::take_rows(rows, order, labels);
        return {std::move(moved), std::move(order), std::move(index)};
    }
    return {own_rows ? labels : details::take_rows(rows, order, labels), {}, {}};
}

const Sorted& Sorter::sorted(const Labels& labels) {
    auto [known, is_new] = known_.try_emplace(labels->data().get());
    if (is_new) {
        known->second = sorted_rows(labels, labels->data()->host());
    }
    return known->second;
}

const Sorted& Sorter::samples_of(const BlockData& block) {
    if (sorts(Axis::samples)) {
        return sorted(block.samples);
    }
    auto& unsorted = unsorted_[block.samples->data().get()];
    unsorted.labels = block.samples;
    return unsorted;
}

/// Samples of a gradient: their "sample" becomes the new place of the sample of the block, then they are
/// sorted.
const Sorted& Sorter::gradient_samples(const BlockData& gradient, const Sorted& samples_of_block) {
    if (!sorts(Axis::samples)) {
        return samples_of(gradient);
    }
    auto [known, is_new] = known_gradients_.try_emplace({gradient.samples->data().get(), &samples_of_block});
    if (!is_new) {
        return known->second;
    }
    const auto rows = gradient.samples->data()->host();
    const auto& order = samples_of_block.order;
    if (order.empty()) {
        known->second = sorted_rows(gradient.samples, rows);
        return known->second;
    }
    std::vector<int32_t> new_place(order.size());
    for (size_t i = 0; i < order.size(); ++i) {
        new_place[order[i]] = static_cast<int32_t>(i);
    }
    std::vector<int32_t> values(rows.data, rows.data + rows.count * rows.size);
    const auto n_samples = static_cast<int64_t>(new_place.size());
    for (int64_t i = 0; i < rows.count; ++i) {
        auto& sample = values[i * rows.size];
        sample = new_place[details::checked_sample(sample, n_samples)];
    }
    known->second = sorted_rows(gradient.samples, {values.data(), rows.count, rows.size});
    return known->second;
}

details::BlockPtr Sorter::sort(const BlockData& block, const Sorted& samples) {
    auto result = std::make_shared<BlockData>(block);
    result->gradients.clear();
    const auto move = [&](int64_t dim, const Sorted& sorted, Labels& labels) {
        if (sorted.index.defined()) {
            result->values = details::gather(result->values, dim, sorted.order, sorted.index);
        }
        // labels with other names may have the same rows
        labels = details::named_like(sorted.labels, labels);
    };
    move(0, samples, result->samples);
    if (sorts(Axis::components)) {
        for (size_t i = 0; i < result->components.size(); ++i) {
            move(static_cast<int64_t>(i) + 1, sorted(block.components[i]), result->components[i]);
        }
    }
    if (sorts(Axis::properties)) {
        move(-1, sorted(block.properties), result->properties);
    }
    if (result->values.is_same(block.values)) {
        result->values = block.values.clone(torch::MemoryFormat::Contiguous);
    }
    for (const auto& [parameter, gradient] : block.gradients) {
        result->gradients.emplace_back(parameter, sort(*gradient, gradient_samples(*gradient, samples)));
    }
    return result;
}

std::vector<Axis> axes_in(const char* operation, const torch::IValue& axes,
                          const std::vector<Axis>& allowed) {
    if (axes.isNone() || (axes.isString() && axes.toStringRef() == "all")) {
        return allowed;
    }
    std::vector<Axis> result;
    for (const auto& axis : details::strings_in(operation, "axes", axes)) {
        result.push_back(details::axis_in(operation, axis, allowed));
    }
    return result;
}

} // namespace

TensorMap sort(const TensorMap& tensor, const torch::IValue& axes, bool descending) {
    Sorter sorter(axes_in("sort", axes, {Axis::keys, Axis::samples, Axis::components, Axis::properties}),
                  descending);
    if (sorter.sorts(Axis::samples)) {
        details::fetch_samples(tensor->data());
    }
    details::Blocks blocks;
    for (const auto& block : tensor->data()) {
        blocks.push_back(sorter.sort(*block));
    }
    if (!sorter.sorts(Axis::keys)) {
        return details::make_map(tensor->keys(), std::move(blocks), tensor->info_entries());
    }
    const auto& keys = sorter.sorted(tensor->keys());
    const auto new_keys = details::named_like(keys.labels, tensor->keys());
    if (!keys.order.empty()) {
        details::Blocks moved;
        for (const auto place : keys.order) {
            moved.push_back(blocks[place]);
        }
        blocks = std::move(moved);
    }
    return details::make_map(new_keys, std::move(blocks), tensor->info_entries());
}

TensorBlock sort_block(const TensorBlock& block, const torch::IValue& axes, bool descending) {
    Sorter sorter(axes_in("sort_block", axes, {Axis::samples, Axis::components, Axis::properties}),
                  descending);
    return TensorBlockHolder::own(sorter.sort(block->data()));
}

} // namespace metatensor_torch
