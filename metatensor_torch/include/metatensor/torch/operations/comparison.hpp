// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <torch/script.h>

#include <metatensor/torch/block.hpp>
#include <metatensor/torch/exports.h>
#include <metatensor/torch/operations/errors.hpp>
#include <metatensor/torch/tensor.hpp>

namespace metatensor_torch {

/// Whether `tensor_1` and `tensor_2` have the same keys, and for each key the same labels, in the same order,
/// the same gradients and exactly the same values.
///
/// NaN differs from NaN. The types of the values may differ, the order of the keys too. `info` is not
/// compared.
METATENSOR_TORCH_EXPORT bool equal(const TensorMap& tensor_1, const TensorMap& tensor_2);

/// NotEqualError unless `equal` is true for `tensor_1` and `tensor_2`; it says what differs in which block,
/// values or which labels, of the block or of which gradients.
METATENSOR_TORCH_EXPORT void equal_raise(const TensorMap& tensor_1, const TensorMap& tensor_2);

/// Whether `block_1` and `block_2` have the same labels, in the same order, the same gradients and exactly
/// the same values, see `equal`.
METATENSOR_TORCH_EXPORT bool equal_block(const TensorBlock& block_1, const TensorBlock& block_2);

/// NotEqualError, which says what differs, unless `equal_block` is true for `block_1` and `block_2`.
METATENSOR_TORCH_EXPORT void equal_block_raise(const TensorBlock& block_1, const TensorBlock& block_2);

/// Whether `tensor_1` and `tensor_2` have the same keys, and for each key the same labels, in the same order,
/// the same gradients and nearly the same values: |a - b| <= `atol` + `rtol` |b| for all of them, with a in
/// `tensor_1` and b in `tensor_2`.
///
/// NaN is near NaN only if `equal_nan`. The order of the keys may differ. Errors: RuntimeError if the types
/// of the values differ.
METATENSOR_TORCH_EXPORT bool allclose(const TensorMap& tensor_1, const TensorMap& tensor_2,
                                      double rtol = 1e-13, double atol = 1e-12, bool equal_nan = false);

/// NotEqualError unless `allclose` is true for `tensor_1` and `tensor_2`; it says what differs in which
/// block, values or which labels, of the block or of which gradients.
METATENSOR_TORCH_EXPORT void allclose_raise(const TensorMap& tensor_1, const TensorMap& tensor_2,
                                            double rtol = 1e-13, double atol = 1e-12, bool equal_nan = false);

/// Whether `block_1` and `block_2` have the same labels, in the same order, the same gradients and nearly the
/// same values, see `allclose`.
METATENSOR_TORCH_EXPORT bool allclose_block(const TensorBlock& block_1, const TensorBlock& block_2,
                                            double rtol = 1e-13, double atol = 1e-12, bool equal_nan = false);

/// NotEqualError, which says what differs, unless `allclose_block` is true for `block_1` and `block_2`.
METATENSOR_TORCH_EXPORT void allclose_block_raise(const TensorBlock& block_1, const TensorBlock& block_2,
                                                  double rtol = 1e-13, double atol = 1e-12,
                                                  bool equal_nan = false);

/// Whether `tensor_1` and `tensor_2` have the same keys, and for each key the same labels in the same order.
///
/// `check` is a list with some of "samples", "components" and "properties", the labels to compare, or "all".
/// Gradients, that they are there and their labels, are compared if `check_gradients`. The order of the keys
/// may differ. Errors: ValueError if `check` has other names.
METATENSOR_TORCH_EXPORT bool equal_metadata(const TensorMap& tensor_1, const TensorMap& tensor_2,
                                            const torch::IValue& check = {}, bool check_gradients = true);

/// NotEqualError unless `equal_metadata` is true for `tensor_1` and `tensor_2`; it says which labels differ,
/// of which block, of the block or of which gradients.
METATENSOR_TORCH_EXPORT void equal_metadata_raise(const TensorMap& tensor_1, const TensorMap& tensor_2,
                                                  const torch::IValue& check = {},
                                                  bool check_gradients = true);

/// Whether `block_1` and `block_2` have the same labels in the same order, see `equal_metadata`.
METATENSOR_TORCH_EXPORT bool equal_metadata_block(const TensorBlock& block_1, const TensorBlock& block_2,
                                                  const torch::IValue& check = {},
                                                  bool check_gradients = true);

/// NotEqualError, which says which labels differ, unless `equal_metadata_block` is true for `block_1` and
/// `block_2`.
METATENSOR_TORCH_EXPORT void equal_metadata_block_raise(const TensorBlock& block_1,
                                                        const TensorBlock& block_2,
                                                        const torch::IValue& check = {},
                                                        bool check_gradients = true);

} // namespace metatensor_torch
