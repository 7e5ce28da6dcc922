// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <vector>

#include "operations/detail/blocks.hpp"

/// Values of all blocks and gradients of a map as one list, so that one call of torch (`at::_foreach_...`,
/// one kernel on a GPU) works on all of them.
namespace metatensor_torch::details {

/// Values of the blocks, each followed by those of its gradients (and of their gradients)
std::vector<torch::Tensor> flatten(const Blocks& blocks);

/// The same for `blocks` in the order that `places` gives them, gradients in the order of those of `like`
std::vector<torch::Tensor> flatten_like(const Blocks& blocks, const std::vector<int64_t>& places,
                                        const Blocks& like);

/// Blocks with the labels of `like` and these values, in the order of `flatten`
Blocks unflatten(const Blocks& like, std::vector<torch::Tensor> values);

} // namespace metatensor_torch::details
