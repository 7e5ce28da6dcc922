// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <torch/script.h>

#include <metatensor/torch/exports.h>
#include <metatensor/torch/operations/errors.hpp>
#include <metatensor/torch/tensor.hpp>

namespace metatensor_torch {

/// Sum of the values of `A` and `B`.
///
/// `B` is a number, or a map with the same keys, labels and gradients as `A`. Gradients are added to each
/// other; adding a number leaves them as they are. Integers become floating point if `B` is a number.
/// Errors: NotEqualError if keys, labels or gradients of the two maps differ.
METATENSOR_TORCH_EXPORT TensorMap add(const TensorMap& A, const torch::IValue& B);

} // namespace metatensor_torch
