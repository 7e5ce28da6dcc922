// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <torch/script.h>

#include <metatensor/torch/exports.h>
#include <metatensor/torch/tensor.hpp>

// Maps whose labels have more, fewer, other or renamed dimensions. The values are shared with the argument.

namespace metatensor_torch {

/// Map whose labels along `axis` have one more dimension, `name`, before dimension number `index`.
///
/// `axis` is "keys", "samples" or "properties". `values` is one integer for all entries, or a tensor of
/// integers [n_entries] on the device of `tensor`, the same for all blocks. Samples of gradients stay as they
/// are.
/// Errors: IndexError if `index` is not in [0, number of dimensions]; ValueError for another axis, and for
/// `values` of another length or type or that do not fit in 32 bits.
METATENSOR_TORCH_EXPORT TensorMap insert_dimension(const TensorMap& tensor, const std::string& axis,
                                                   int64_t index, const std::string& name,
                                                   const torch::IValue& values);

/// Map whose labels along `axis` have one more dimension, `name`, after the others.
///
/// Apart from its place, the new dimension is as in `insert_dimension`.
METATENSOR_TORCH_EXPORT TensorMap append_dimension(const TensorMap& tensor, const std::string& axis,
                                                   const std::string& name, const torch::IValue& values);

/// Map whose labels along `axis` have the dimensions of those of `tensor` in another order: number
/// `dimensions_indexes[i]` becomes number i.
///
/// `axis` is "keys", "samples" or "properties". Negative indices count from the end. Samples of gradients
/// stay as they are. Errors: IndexError if there is no such dimension; ValueError for another axis, or unless
/// there is one index for each dimension.
METATENSOR_TORCH_EXPORT TensorMap permute_dimensions(const TensorMap& tensor, const std::string& axis,
                                                     const std::vector<int64_t>& dimensions_indexes);

/// Map whose labels along `axis` are those of `tensor` without the dimension `name`.
///
/// `axis` is "keys", "samples" or "properties". Samples of gradients stay as they are.
/// Errors: ValueError for another axis, if there is no such dimension, or if it is the only one; RuntimeError
/// if entries that differ become equal.
METATENSOR_TORCH_EXPORT TensorMap remove_dimension(const TensorMap& tensor, const std::string& axis,
                                                   const std::string& name);

/// Map whose labels along `axis` are those of `tensor`, with the dimension `old` under the name `new`.
///
/// `axis` is "keys", "samples", "components" or "properties". Dimensions with this name in the samples of
/// gradients ("sample", the place in the samples of the values, keeps its name) and components that only
/// gradients have are renamed too.
/// Errors: ValueError for another axis, or if there is no such dimension; RuntimeError if there is one with
/// the name `new` already.
METATENSOR_TORCH_EXPORT TensorMap rename_dimension(const TensorMap& tensor, const std::string& axis,
                                                   const std::string& old, const std::string& new_name);

} // namespace metatensor_torch
