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

/// Map with the keys and labels of `tensor` and zeros as values and gradients, of the same type.
///
/// `gradients` names the gradients of the result, a string or a list of strings; None means all that `tensor`
/// has, an empty list none. With `requires_grad`, autograd records what is done with the values.
/// Errors: ValueError if `tensor` has no such gradients.
METATENSOR_TORCH_EXPORT TensorMap zeros_like(const TensorMap& tensor, const torch::IValue& gradients = {},
                                             bool requires_grad = false);

/// Block with the labels of `block` and zeros as values and gradients, see `zeros_like`.
METATENSOR_TORCH_EXPORT TensorBlock zeros_like_block(const TensorBlock& block,
                                                     const torch::IValue& gradients = {},
                                                     bool requires_grad = false);

/// Map with the keys and labels of `tensor` and ones as values and gradients, of the same type.
///
/// `gradients` names the gradients of the result, a string or a list of strings; None means all that `tensor`
/// has, an empty list none. With `requires_grad`, autograd records what is done with the values.
/// Errors: ValueError if `tensor` has no such gradients.
METATENSOR_TORCH_EXPORT TensorMap ones_like(const TensorMap& tensor, const torch::IValue& gradients = {},
                                            bool requires_grad = false);

/// Block with the labels of `block` and ones as values and gradients, see `ones_like`.
METATENSOR_TORCH_EXPORT TensorBlock ones_like_block(const TensorBlock& block,
                                                    const torch::IValue& gradients = {},
                                                    bool requires_grad = false);

/// Map with the keys and labels of `tensor` and values and gradients of the same type that are not set.
///
/// `gradients` names the gradients of the result, a string or a list of strings; None means all that `tensor`
/// has, an empty list none. With `requires_grad`, autograd records what is done with the values.
/// Errors: ValueError if `tensor` has no such gradients.
METATENSOR_TORCH_EXPORT TensorMap empty_like(const TensorMap& tensor, const torch::IValue& gradients = {},
                                             bool requires_grad = false);

/// Block with the labels of `block` and values and gradients that are not set, see `empty_like`.
METATENSOR_TORCH_EXPORT TensorBlock empty_like_block(const TensorBlock& block,
                                                     const torch::IValue& gradients = {},
                                                     bool requires_grad = false);

/// Map with the keys and labels of `tensor` and random numbers, uniform in [0, 1), as values and gradients,
/// of the same type.
///
/// `gradients` names the gradients of the result, a string or a list of strings; None means all that `tensor`
/// has, an empty list none. With `requires_grad`, autograd records what is done with the values. The numbers
/// come from torch's default generator. Errors: ValueError if `tensor` has no such gradients, RuntimeError
/// for integers.
METATENSOR_TORCH_EXPORT TensorMap random_uniform_like(const TensorMap& tensor,
                                                      const torch::IValue& gradients = {},
                                                      bool requires_grad = false);

/// Block with the labels of `block` and random numbers as values and gradients, see `random_uniform_like`.
METATENSOR_TORCH_EXPORT TensorBlock random_uniform_like_block(const TensorBlock& block,
                                                              const torch::IValue& gradients = {},
                                                              bool requires_grad = false);

/// Block with the values `array` and labels that count 0, 1, ... along each axis.
///
/// The first axis are the samples, the last one the properties, those between are components; they are named
/// "sample", "property", "component_1", ... With several `sample_names`, as many leading axes make up the
/// samples, and with several `property_names` as many trailing ones the properties, `component_names` being
/// those of the axes between: one row of labels for
/// each combination of indices, the last index running fastest. Errors: ValueError if `array` has fewer than
/// two axes or if the number of names does not fit its axes.
METATENSOR_TORCH_EXPORT TensorBlock block_from_array(
    const torch::Tensor& array, const std::optional<std::vector<std::string>>& sample_names = std::nullopt,
    const std::optional<std::vector<std::string>>& component_names = std::nullopt,
    const std::optional<std::vector<std::string>>& property_names = std::nullopt);

} // namespace metatensor_torch
