// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <string>

#include <torch/script.h>

#include <metatensor/torch/block.hpp>
#include <metatensor/torch/exports.h>
#include <metatensor/torch/labels.hpp>
#include <metatensor/torch/tensor.hpp>

// What is made of labels alone

namespace metatensor_torch {

/// Unique entries of some dimensions of the labels of all blocks of `tensor`, sorted.
///
/// `axis` is "samples" or "properties"; `names` is the name of a dimension, or several, which the result has
/// in this order. With `gradient`, the labels of the gradients with respect to this parameter are taken.
/// Without any block the result has no entry.
/// Errors: ValueError for another axis, without names, or if the labels lack one of the dimensions;
/// RuntimeError if there are no such gradients.
METATENSOR_TORCH_EXPORT Labels unique_metadata(const TensorMap& tensor, const std::string& axis,
                                               const torch::IValue& names,
                                               const std::optional<std::string>& gradient = std::nullopt);

/// The same as `unique_metadata` for the labels of one `block`.
METATENSOR_TORCH_EXPORT Labels
unique_metadata_block(const TensorBlock& block, const std::string& axis, const torch::IValue& names,
                      const std::optional<std::string>& gradient = std::nullopt);

/// One-hot encoding of one dimension of `labels`: integers (int32) [n_labels, n_dimension], which are 1 where
/// entry i of `labels` has the value of entry j of `dimension`, and 0 elsewhere.
///
/// `dimension` has one dimension, with all the values that it may have in `labels`.
/// Errors: ValueError if `dimension` has several dimensions, `labels` does not have it, or has a value of it
/// that is not in `dimension` (on a GPU, an assertion of the device if the labels were made there).
METATENSOR_TORCH_EXPORT torch::Tensor one_hot(const Labels& labels, const Labels& dimension);

} // namespace metatensor_torch
