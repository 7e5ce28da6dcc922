// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <metatensor/torch.hpp>

namespace metatomic_torch::detail {

/// Checks that samples, components and properties are those of a neighbor list: values [n_pairs, 3, 1].
///
/// @throws ValueError with what is wrong
void check_neighbors_layout(const metatensor_torch::TensorBlock& neighbors);

} // namespace metatomic_torch::detail
