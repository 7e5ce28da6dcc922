// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "data/device_rows.hpp"
#include "data/labels_data.hpp"

/// The sets of device_rows.hpp for rows on the host. Mappings are left out (undefined) unless they are
/// wanted.
namespace metatensor_torch::details {

enum class Mappings { LEFT_OUT, WANTED };

/// For each row of `wanted` its place in `rows` or -1, int64 [n_wanted]
torch::Tensor find_host_rows(LabelsData& rows, LabelsData& wanted);

/// Rows of `first`, then those of `second` that are not in it
MappedRows unite_host_rows(LabelsData& first, LabelsData& second, Mappings mappings);
/// Rows of `first` that are in `second` too
MappedRows intersect_host_rows(LabelsData& first, LabelsData& second, Mappings mappings);
/// Rows of `first` that are not in `second`
MappedRows subtract_host_rows(LabelsData& first, LabelsData& second, Mappings mappings);

/// Ascending places of the rows that agree with a row of `selection` in the dimensions `columns`, int64
/// [n_selected]
torch::Tensor select_host_rows(LabelsData& rows, const std::vector<int64_t>& columns, LabelsData& selection);

} // namespace metatensor_torch::details
