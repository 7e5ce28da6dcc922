// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <torch/script.h>

#include "operations/detail/arguments.hpp"
#include "operations/detail/blocks.hpp"

/// Parts of blocks along samples or properties: what `slice` and `split` share
namespace metatensor_torch::details {

/// What the parts take of one axis
struct Slices {
    /// For each part the places of its entries
    std::vector<std::vector<int64_t>> places;
    /// For each part its labels
    std::vector<Labels> labels;
    /// For each part its number of entries
    std::vector<int64_t> sizes;
    /// Whether the parts, one after the other, have the entries 0, 1, ... to the end of the axis
    bool cover_in_order = false;
    /// Places of all parts, one after the other, on the device of the values; made when first needed
    torch::Tensor index;
};

/// Cuts blocks into parts. What was found for labels is remembered: blocks of a map often share them.
class Slicer {
  public:
    /// Parts along `axis` ("samples" or "properties"), one for each of `selections`, which are Labels,
    /// integer tensors or lists of integers. ValueError or TypeError, which name `operation`, for anything
    /// else.
    Slicer(const char* operation, const std::string& axis, const std::vector<torch::IValue>& selections);

    /// Reads what is needed of blocks that are about to be cut, all at once
    void prepare(const Blocks& blocks) const;
    /// The parts of `block` and its gradients
    Blocks cut(const BlockData& block);

  private:
    /// A selection: labels, or places that may be negative, or a boolean for each entry of the axis
    struct Selection {
        Labels labels;
        std::vector<int64_t> places;
        std::optional<int64_t> mask_size;
    };

    Selection parse(const torch::IValue& selection) const;
    std::vector<int64_t> checked_places(const Selection& selection, int64_t count) const;
    std::vector<std::vector<int64_t>> places_in(const Labels& labels) const;
    Slices& slices_of(const Labels& labels);
    Slices& gradient_slices_of(const Labels& samples, const Slices& of_block, int64_t n_samples);
    Blocks cut_samples(const BlockData& block, Slices& slices);
    Blocks cut_properties(const BlockData& block, Slices& slices) const;

    const char* operation_;
    Axis axis_;
    std::vector<Selection> selections_;
    std::unordered_map<const void*, Slices> known_;
    std::map<std::pair<const void*, const void*>, Slices> known_gradients_;
};

} // namespace metatensor_torch::details
