// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "operations/detail/blocks.hpp"

/// How the gradients of blocks change with the values
namespace metatensor_torch::details {

/// For each row of `gradient` the values of its sample: `values` [samples, ..., properties] as
/// [rows, 1, ..., properties], to be broadcast over the components that only the gradient has.
torch::Tensor values_of_rows(const torch::Tensor& values, const BlockData& gradient);

/// Gradients times the derivative [samples, ..., properties] at their sample, and so on for their gradients:
/// right for these only where the derivative itself does not depend on the values.
void add_scaled_gradients(const BlockData& block, const torch::Tensor& derivative, BlockData& result);

/// Gradients with their values in the type of those of `result`, which change by a constant
void add_same_gradients(const BlockData& block, BlockData& result);

} // namespace metatensor_torch::details
