// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <torch/script.h>

#include <metatensor/torch/block.hpp>
#include <metatensor/torch/exports.h>
#include <metatensor/torch/tensor.hpp>

namespace metatensor_torch {

/// Map with the same labels and values, which autograd takes as constants. Values and gradients share their
/// memory with `tensor`.
METATENSOR_TORCH_EXPORT TensorMap detach(const TensorMap& tensor);

/// Block with the labels and values of `block`, which autograd takes as constants, see `detach`.
METATENSOR_TORCH_EXPORT TensorBlock detach_block(const TensorBlock& block);

/// Map with the same labels, whose values and gradients autograd takes as constants and from here on records
/// if `requires_grad`. Values and gradients share their memory with `tensor`. Errors: RuntimeError for
/// integers.
METATENSOR_TORCH_EXPORT TensorMap requires_grad(const TensorMap& tensor, bool requires_grad = true);

/// Block with the labels of `block`, whose values autograd records from here on, see `requires_grad`.
METATENSOR_TORCH_EXPORT TensorBlock requires_grad_block(const TensorBlock& block, bool requires_grad = true);

/// Whether the values and gradients of all blocks of `tensor` are contiguous in memory, rows after rows.
METATENSOR_TORCH_EXPORT bool is_contiguous(const TensorMap& tensor);

/// Whether the values and gradients of `block` are contiguous in memory, see `is_contiguous`.
METATENSOR_TORCH_EXPORT bool is_contiguous_block(const TensorBlock& block);

/// Map with the same labels and values, contiguous in memory; what is so already is shared with `tensor`.
METATENSOR_TORCH_EXPORT TensorMap make_contiguous(const TensorMap& tensor);

/// Block with the labels and values of `block`, contiguous in memory, see `make_contiguous`.
METATENSOR_TORCH_EXPORT TensorBlock make_contiguous_block(const TensorBlock& block);

/// `tensor` without the gradients that `remove` names, or without any if it is None. Values are shared with
/// `tensor`; names of gradients that are not there are no error, and ignored.
METATENSOR_TORCH_EXPORT TensorMap remove_gradients(
    const TensorMap& tensor, const std::optional<std::vector<std::string>>& remove = std::nullopt);

/// `block` without the gradients that `remove` names, or without any if it is None, see `remove_gradients`.
METATENSOR_TORCH_EXPORT TensorBlock remove_gradients_block(
    const TensorBlock& block, const std::optional<std::vector<std::string>>& remove = std::nullopt);

} // namespace metatensor_torch
