// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include <torch/script.h>

#include <metatensor/torch/block.hpp>
#include <metatensor/torch/exports.h>
#include <metatensor/torch/labels.hpp>
#include <metatensor/torch/tensor.hpp>

// Parts of maps and blocks, and the order of their entries

namespace metatensor_torch {

/// The samples or properties of each block of `tensor` that are in `selection`.
///
/// `axis` is "samples" or "properties". `selection` has some or all of their dimensions; its entries that a
/// block does not have are left out, so that a block may become empty. Samples are in the order of the
/// selection if it has all dimensions in the order of the samples, else they keep their order; properties
/// always keep theirs. Gradients, and gradients of these, are those of the samples and properties that
/// remain, in their old order; their "sample" is the new place of the sample.
///
/// Errors: ValueError for another axis, or if the selection has a dimension that the axis lacks.
METATENSOR_TORCH_EXPORT TensorMap slice(const TensorMap& tensor, const std::string& axis,
                                        const Labels& selection);

/// The same as `slice`, for a single `block`.
///
/// `selection` may also be a list or 1D tensor with the places of the entries, negative ones counting from
/// the end, or a tensor with a boolean for each entry. By places, samples are in the order of the selection;
/// properties keep their order, and may be selected repeatedly.
///
/// Errors: besides those of `slice`, IndexError for a place that is out of range, ValueError for a sample
/// that is selected twice, since samples are unique, TypeError for other numbers than integers.
METATENSOR_TORCH_EXPORT TensorBlock slice_block(const TensorBlock& block, const std::string& axis,
                                                const torch::IValue& selection);

/// Parts of `tensor` along `axis`, "samples" or "properties": one map for each of `selections`.
///
/// Each of these is what `slice` or `slice_block` take, and gives what they give. Faster than as many calls
/// of `slice`: samples and properties are searched once for all selections, values are gathered once. The
/// parts may share memory with each other and with `tensor`. In TorchScript, the list must have the type
/// `List[Union[Tensor, List[int], Labels]]`. Errors: those of `slice` and `slice_block`.
METATENSOR_TORCH_EXPORT std::vector<TensorMap> split(const TensorMap& tensor, const std::string& axis,
                                                     const torch::IValue& selections);

/// The same as `split`, for a single `block`.
METATENSOR_TORCH_EXPORT std::vector<TensorBlock>
split_block(const TensorBlock& block, const std::string& axis, const torch::IValue& selections);

/// `tensor` with the entries of its `axes` in lexicographic order, or in the reverse of it if `descending`.
///
/// `axes` is one or a list of "keys", "samples", "components" and "properties", or "all" of them. Gradients,
/// and gradients of these, are sorted along the same axes, their samples after "sample" has become the new
/// place of the sample.
///
/// Errors: ValueError for another axis.
METATENSOR_TORCH_EXPORT TensorMap sort(const TensorMap& tensor, const torch::IValue& axes = {},
                                       bool descending = false);

/// The same as `sort`, for a single `block`, which has no keys.
METATENSOR_TORCH_EXPORT TensorBlock sort_block(const TensorBlock& block, const torch::IValue& axes = {},
                                               bool descending = false);

} // namespace metatensor_torch
