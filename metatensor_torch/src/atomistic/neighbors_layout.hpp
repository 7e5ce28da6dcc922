// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string_view>

#include <metatensor/torch.hpp>

namespace metatomic_torch::detail {

/// Are these labels one dimension of this name with the entries 0, 1, ..., n - 1? Values that only a device
/// knows are copied from there.
bool is_range(const metatensor_torch::Labels& labels, std::string_view name, int64_t n);

/// Checks that samples, components and properties are those of a neighbor list: values [n_pairs, 3, 1].
///
/// @throws ValueError with what is wrong
void check_neighbors_layout(const metatensor_torch::TensorBlock& neighbors);

} // namespace metatomic_torch::detail
