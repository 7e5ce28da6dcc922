// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include <torch/script.h>

#include "data/label_rows.hpp"

namespace metatensor_torch::details {

class RowGroups;
/// Handle of groups of rows, which autograd can keep
using RowGroupsPtr = torch::intrusive_ptr<RowGroups>;

/// Which slices of a tensor are in the same group: what sums over groups need. Never changed after it is
/// made; several threads can use it.
class RowGroups final : public torch::CustomClassHolder {
  public:
    /// Rows `order[starts[g]]`, ..., `order[starts[g + 1] - 1]` are in group g; an int64 tensor where the
    /// rows are. An undefined `order` stands for 0, 1, 2, ... `group_of_row` may be given if it is known.
    RowGroups(std::vector<int64_t> starts, torch::Tensor order, torch::Tensor group_of_row = {});

    int64_t n_rows() const { return starts_.back(); }
    int64_t n_groups() const { return static_cast<int64_t>(starts_.size()) - 1; }
    const std::vector<int64_t>& starts() const { return starts_; }
    /// Where the rows were grouped; undefined if they are in the order of their groups
    const torch::Tensor& order() const { return order_; }
    /// The group of each row: int64 where they were grouped, made when it is first asked for
    const torch::Tensor& group_of_row() const;
    /// Number of rows in each group if that is the same for all, else 0
    int64_t common_size() const { return common_size_; }
    /// Number of rows in each group, on the host
    torch::Tensor sizes() const;

  private:
    std::vector<int64_t> starts_;
    torch::Tensor order_;
    mutable std::once_flag once_;
    mutable torch::Tensor group_of_row_;
    int64_t common_size_ = 0;
};

/// Groups of equal rows, and the row of each group
struct GroupedRows {
    RowGroupsPtr groups;
    /// int32 [n_groups, size], in lexicographic order
    torch::Tensor rows;
};

/// Puts equal rows into one group. Sorted rows need a single pass.
GroupedRows group_rows(RowSpan rows);

/// The same for rows that are on a device, without waiting for it: a byte for each row tells the host what it
/// has to know, so that those of several sets of rows can be read at once.
class RowsToGroup {
  public:
    /// `rows` is int32 [n, size].
    explicit RowsToGroup(torch::Tensor rows);

    /// Whether each row, in their order, differs from the one before; at the end whether they were in order:
    /// bool [n + 1]
    const torch::Tensor& flags() const { return flags_; }
    /// The group of each row, int64 [n]
    const torch::Tensor& group_of_row() const { return group_of_row_; }
    /// The groups, by a copy of the flags on the host; their rows, order and groups of rows are on the
    /// device.
    GroupedRows finish(const bool* flags) const;

  private:
    torch::Tensor rows_;
    torch::Tensor order_;
    torch::Tensor flags_;
    torch::Tensor group_of_row_;
};

} // namespace metatensor_torch::details
