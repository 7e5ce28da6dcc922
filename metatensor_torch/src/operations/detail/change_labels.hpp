// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "data/label_rows.hpp"
#include "metatensor/torch/tensor.hpp"
#include "operations/detail/arguments.hpp"

/// Maps that differ from others by the labels of one axis
namespace metatensor_torch::details {

using LabelsChange = std::function<Labels(const Labels&)>;

/// A change of labels that is computed once for labels that share their rows, as those of the blocks of a map
/// and of their gradients mostly do.
class SharedChange {
  public:
    /// The labels given to it are to have the same names.
    explicit SharedChange(LabelsChange change) : change_(std::move(change)) {}

    /// Changed labels
    Labels operator()(const Labels& labels);

  private:
    LabelsChange change_;
    std::unordered_map<const LabelsData*, Labels> changed_;
};

/// Map with the keys, samples or properties of `tensor` changed; gradients keep their samples.
TensorMap change_labels(const TensorMap& tensor, Axis axis, const LabelsChange& change);

/// RuntimeError unless labels can have these names.
void check_names(const std::vector<std::string>& names);

/// Column of integers on the host; each entry has the same value where `stride` is 0.
struct Column {
    const int32_t* data;
    int64_t stride;
};

/// Columns of `labels` on the host
std::vector<Column> host_columns(const LabelsHolder& labels);

/// Rows int32 [count, columns.size()] on the host
torch::Tensor rows_of(const std::vector<Column>& columns, int64_t count);

/// Labels with these rows, known to be unique, and names, known to be valid; on `device`
Labels labels_of(std::vector<std::string> names, torch::Tensor rows, torch::Device device);

/// Labels of the rows at these places, with the names and on the device of `like`
Labels take_rows(RowSpan rows, const std::vector<int64_t>& places, const Labels& like);

} // namespace metatensor_torch::details
