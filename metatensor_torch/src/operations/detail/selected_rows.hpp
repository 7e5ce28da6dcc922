// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "metatensor/torch/labels.hpp"

namespace metatensor_torch::details {

/// For each of `selections` the places of the entries of `labels` that agree with one of its entries, as
/// LabelsHolder::select gives them, with one search for all of them where possible. The dimensions of the
/// selections are among those of `labels`.
std::vector<std::vector<int64_t>> selected_rows(const Labels& labels, const std::vector<Labels>& selections);

} // namespace metatensor_torch::details
