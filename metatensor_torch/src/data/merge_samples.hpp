// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <torch/script.h>

#include "data/block_data.hpp"

namespace metatensor_torch::details {

/// Samples of several blocks as one set
struct MergedSamples {
    Labels samples;
    /// whether all blocks have these samples, in this order; `places` and `starts` are empty then
    bool all_the_same = false;
    /// for each sample of the first block, then of the second, ..., its place in `samples`: int64, on the
    /// host, or on the device of the blocks if some of their samples were born there
    torch::Tensor places;
    /// where the places of each block start
    std::vector<int64_t> starts;

    /// `places` on `device`; undefined if `all_the_same`
    torch::Tensor places_on(torch::Device device) const;
    /// Where the places of a block start; 0 if `all_the_same`
    int64_t start_of(size_t block) const { return all_the_same ? 0 : starts[block]; }
};

/// Union of the samples of `blocks`, sorted or else in the order of their first appearance
MergedSamples merge_samples(const std::vector<const BlockData*>& blocks, bool sort);

/// Samples with more dimensions at the end, `names`, in which all samples of a block have the same values:
/// `values` of the first block [n_names], of the second, ..., no two of which are the same
MergedSamples merge_samples_with(const std::vector<const BlockData*>& blocks,
                                 const std::vector<std::string>& names,
                                 const std::vector<const int32_t*>& values, bool sort);

/// Samples of gradients of blocks whose samples were merged: the first dimension becomes the place of the
/// merged sample. They are sorted.
MergedSamples merge_gradient_samples(const std::vector<const BlockData*>& gradients,
                                     const MergedSamples& merged);

} // namespace metatensor_torch::details
