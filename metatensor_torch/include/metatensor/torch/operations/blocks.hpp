// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <torch/script.h>

#include <metatensor/torch/exports.h>
#include <metatensor/torch/tensor.hpp>

// Maps with some of the blocks of another map

namespace metatensor_torch {

/// Map without the blocks whose keys agree with an entry of `keys`.
///
/// `keys` has some or all of the dimensions of the keys, in any order; entries that no key agrees with are
/// ignored. The other blocks stay in their order. They share their data with `tensor`, or are copies if
/// `copy`; the result may have no block.
/// Errors: RuntimeError if `keys` has a dimension that the keys of `tensor` lack.
METATENSOR_TORCH_EXPORT TensorMap drop_blocks(const TensorMap& tensor, const Labels& keys, bool copy = false);

/// Map without the blocks that have no values: no samples or no properties.
///
/// The other blocks stay in their order. They share their data with `tensor`, or are copies if `copy`; the
/// result may have no block.
METATENSOR_TORCH_EXPORT TensorMap drop_empty_blocks(const TensorMap& tensor, bool copy = false);

/// Map of the blocks whose keys agree with an entry of `keys`.
///
/// `keys` has some or all of the dimensions of the keys. With the same dimensions in the same order, the
/// blocks come in the order of `keys`, else in that of `tensor`; entries that no key agrees with are ignored.
/// The blocks share their data with `tensor`, or are copies if `copy`; the result may have no block. Errors:
/// RuntimeError if `keys` has a dimension that the keys of `tensor` lack.
METATENSOR_TORCH_EXPORT TensorMap filter_blocks(const TensorMap& tensor, const Labels& keys,
                                                bool copy = false);

} // namespace metatensor_torch
