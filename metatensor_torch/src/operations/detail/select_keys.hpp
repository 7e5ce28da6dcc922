// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <vector>

#include "metatensor/torch/tensor.hpp"

namespace metatensor_torch::details {

/// Places of the keys that agree with an entry of `selection`, see LabelsHolder::select
std::vector<int64_t> selected_keys(const Labels& keys, const Labels& selection);

/// Map of the blocks at these places, in this order, with their keys; the values are copied if `copy`
TensorMap take_blocks(const TensorMap& tensor, const std::vector<int64_t>& places, bool copy);

} // namespace metatensor_torch::details
