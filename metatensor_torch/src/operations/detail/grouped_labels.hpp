// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "data/block_data.hpp"
#include "metatensor/torch/labels.hpp"
#include "operations/detail/row_groups.hpp"

namespace metatensor_torch::details {

/// Labels of which some dimensions were removed, and which entries became the same
struct GroupedLabels {
    Labels labels;
    RowGroupsPtr groups;
};

/// Groups entries of labels by the dimensions that remain when some are removed. What was done for labels
/// with the same rows is remembered: blocks of a map often share them.
class LabelsGrouping {
  public:
    /// Removes the dimensions `removed` of `names`. ValueError, which names `operation` and `axis` (samples,
    /// properties), if one of them is not there.
    LabelsGrouping(const char* operation, const char* axis, const std::vector<std::string>& names,
                   const std::vector<std::string>& removed);

    /// Reads or groups the samples of blocks and of their gradients that are only on a device, all of them
    /// with one wait for it: they are read if they are few, and grouped there if they are many.
    void prepare(const std::vector<const BlockData*>& blocks);

    /// Sorted entries of `labels` without the removed dimensions; with a single dimension `_` if none remains
    const GroupedLabels& group(const Labels& labels);

    /// Sorted samples of a gradient after the samples of its block were put into `groups`: entries with the
    /// same values become one if their "sample" does.
    const GroupedLabels& group_gradient(const Labels& samples, const RowGroupsPtr& groups);

  private:
    /// Samples of blocks, or of a gradient of the block that `parent` is of, on the way to be grouped
    struct Pending {
        Labels samples;
        std::optional<size_t> parent;
        RowsToGroup rows;
    };
    void add_pending(const BlockData& block, std::optional<size_t> parent,
                     std::vector<Pending>& pending) const;
    Labels kept_labels(torch::Tensor rows, torch::Device device) const;

    std::vector<int64_t> kept_;
    std::vector<std::string> kept_names_;
    std::unordered_map<const void*, GroupedLabels> known_;
    std::map<std::pair<const void*, const void*>, GroupedLabels> known_gradients_;
};

} // namespace metatensor_torch::details
