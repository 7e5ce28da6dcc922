// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <limits>
#include <memory>
#include <vector>

#include "data/block_data.hpp"

namespace metatensor_torch::details {

/// Copies rows that are on a device only to the host, those of all `labels` at once: one synchronisation,
/// where to read them one by one takes one for each. What is on the host already is left alone.
void fetch_labels(const std::vector<Labels>& labels);

/// The same for the samples of blocks and of their gradients, unless they have more than `most_rows` rows.
void fetch_samples(const std::vector<const BlockData*>& blocks,
                   int64_t most_rows = std::numeric_limits<int64_t>::max());
void fetch_samples(const std::vector<std::shared_ptr<BlockData>>& blocks,
                   int64_t most_rows = std::numeric_limits<int64_t>::max());

/// The same for the labels of blocks that are about to be compared, `blocks[i]` with `others[places[i]]`: not
/// for those that share their rows.
void fetch_to_compare(const std::vector<std::shared_ptr<BlockData>>& blocks,
                      const std::vector<std::shared_ptr<BlockData>>& others,
                      const std::vector<int64_t>& places);

/// Samples of a device are merged there if there are more: one sort of many rows is quick there, one for each
/// of many small groups is not.
inline constexpr int64_t MOST_ROWS_TO_MERGE_ON_HOST = 100'000;

} // namespace metatensor_torch::details
