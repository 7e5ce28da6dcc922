// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "metatensor/torch/labels.hpp"

/// Labels of several blocks as those of one
namespace metatensor_torch::details {

/// Entries to join with others
struct RowsPart {
    Labels labels;
    /// is added to the first column
    int64_t shift;
    /// value of a new column
    int32_t index;
};

/// What is done when entries are joined
struct JoinRowsOptions {
    /// name of a new dimension at the end
    std::optional<std::string> add_dimension;
    /// RuntimeError for entries that occur twice; not if operations do not check labels
    bool check_unique = false;
};

/// Entries of all parts, one after the other
Labels join_rows(const std::vector<std::string>& names, const std::vector<RowsPart>& parts,
                 const JoinRowsOptions& options);

/// Union of labels with the places of the entries of each of them there
struct UnitedLabels {
    Labels labels;
    std::vector<std::vector<int64_t>> places;
};

/// Union of the samples of gradients in the order of their first appearance. Value i of the first dimension
/// stands for `moved[k][i]` in set number k, for itself if `moved` is empty.
UnitedLabels unite_gradient_samples(const std::vector<Labels>& samples,
                                    const std::vector<std::vector<int64_t>>& moved);

} // namespace metatensor_torch::details
