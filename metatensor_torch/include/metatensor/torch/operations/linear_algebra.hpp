// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <string>

#include <torch/script.h>

#include <metatensor/torch/exports.h>
#include <metatensor/torch/operations/errors.hpp>
#include <metatensor/torch/tensor.hpp>

namespace metatensor_torch {

/// Scalar products over the properties: values [samples, ..., properties] of `tensor_1` times the transposed
/// values [samples, properties] of `tensor_2`, for each key.
///
/// The properties of the result are the samples of `tensor_2`, everything else is that of `tensor_1`, whose
/// gradients (and their gradients) are multiplied in the same way. Errors: NotEqualError if the keys or the
/// properties differ, ValueError if `tensor_2` has components or gradients.
METATENSOR_TORCH_EXPORT TensorMap dot(const TensorMap& tensor_1, const TensorMap& tensor_2);

/// Solution w of `X` w^T = `Y` for each key, with values of `X` [samples, properties] that are a square
/// matrix, and of `Y` [samples, properties].
///
/// The samples of the result are the properties of `Y`, its properties are those of `X`; it has no gradients.
/// Errors: NotEqualError if keys, samples, components or the gradients' parameters differ; ValueError if the
/// values of `X` are no square matrix or if there are rows of gradients, which would be more equations than
/// unknowns: `lstsq` takes them. RuntimeError for a singular matrix.
METATENSOR_TORCH_EXPORT TensorMap solve(const TensorMap& X, const TensorMap& Y);

/// Least-squares solution w of `X` w^T = `Y` for each key, with values of `X` [samples, ..., properties] and
/// of `Y` [samples, ..., properties].
///
/// Each combination of sample and components is an equation, and so is each of the gradients of both. The
/// samples of the result are the properties of `Y`, its properties are those of `X`; it has no components and
/// no gradients. Singular values below `rcond` times the largest one count as zero; None stands for the
/// number of equations or unknowns, whichever is larger, times the machine epsilon. `driver` names a method
/// of LAPACK, see `torch.linalg.lstsq`; None is the default there. Errors: NotEqualError if keys, samples,
/// components or gradients differ, NotImplementedError for gradients of gradients.
METATENSOR_TORCH_EXPORT TensorMap lstsq(const TensorMap& X, const TensorMap& Y, std::optional<double> rcond,
                                        const std::optional<std::string>& driver = std::nullopt);

} // namespace metatensor_torch
