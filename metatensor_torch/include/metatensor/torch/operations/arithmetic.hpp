// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <torch/script.h>

#include <metatensor/torch/exports.h>
#include <metatensor/torch/operations/errors.hpp>
#include <metatensor/torch/tensor.hpp>

namespace metatensor_torch {

/// Sum of the values of `A` and `B`.
///
/// `B` is a number, or a map with the same keys, labels and gradients as `A`. Gradients (and their gradients)
/// are added to each other; adding a number leaves them as they are. Integers become floating point if `B` is
/// a number. Errors: NotEqualError if keys, labels or gradients of the two maps differ.
METATENSOR_TORCH_EXPORT TensorMap add(const TensorMap& A, const torch::IValue& B);

/// Difference of the values of `A` and `B`.
///
/// `B` is a number, or a map with the same keys, labels and gradients as `A`. Gradients (and their gradients)
/// are subtracted from each other; subtracting a number leaves them as they are. Integers become floating
/// point if `B` is a number. Errors: NotEqualError if keys, labels or gradients of the two maps differ.
METATENSOR_TORCH_EXPORT TensorMap subtract(const TensorMap& A, const torch::IValue& B);

/// Product of the values of `A` and `B`, element by element.
///
/// `B` is a number, which also multiplies the gradients (and their gradients), or a map with the same keys,
/// labels and gradients as `A`; the gradients are A dB + B dA then. Integers become floating point if `B` is
/// a number. Errors: NotEqualError if keys, labels or gradients of the two maps differ, NotImplementedError
/// for gradients of gradients of two maps.
METATENSOR_TORCH_EXPORT TensorMap multiply(const TensorMap& A, const torch::IValue& B);

/// Quotient of the values of `A` and `B`, element by element.
///
/// `B` is a number, which also divides the gradients (and their gradients), or a map with the same keys,
/// labels and gradients as `A`; the gradients are dA / B - A dB / B^2 then. Integers become floating point.
/// Errors: NotEqualError if keys, labels or gradients of the two maps differ, NotImplementedError for
/// gradients of gradients of two maps.
METATENSOR_TORCH_EXPORT TensorMap divide(const TensorMap& A, const torch::IValue& B);

/// Values of `A` to the power of the number `B`, with the gradients B A^(B - 1) dA.
///
/// Integers become floating point. Errors: NotImplementedError for gradients of gradients.
METATENSOR_TORCH_EXPORT TensorMap pow(const TensorMap& A, const torch::IValue& B);

/// Absolute values of `A`, with the gradients (and their gradients) sign(A) dA, which are zero where A is.
///
/// Complex values become real; their gradients, which are those with respect to real parameters, are
/// Re(conj(A) dA) / |A|. Errors: NotImplementedError for gradients of gradients of complex values.
METATENSOR_TORCH_EXPORT TensorMap abs(const TensorMap& A);

} // namespace metatensor_torch
