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

/// Map with the blocks of all `tensors`, those with the same key joined along `axis`.
///
/// Along "samples", blocks with the same key must have the same components and properties, and the "sample"
/// of gradients is moved on by the number of samples before. Along "properties", they must have the same
/// samples and components; the gradient samples are the union of those of the blocks, in the order of their
/// first appearance, and where a block has none its gradient is 0. If the names of the properties are not the
/// same in all `tensors`, the new ones are ("joined_index", "property"): the place in `tensors`, and that
/// among its properties. Gradients of gradients are joined by the same rules.
///
/// `different_keys` says what is done about keys that are not in all `tensors`: "error"; "intersection"
/// leaves them out, "union" joins the blocks that there are. The joined labels must be unique, unless
/// `add_dimension` is given: the name of one more dimension at their end with the place in `tensors`. A
/// single map is returned as it is.
/// Errors: NotEqualError if keys, labels or gradients differ where they must not; ValueError without a map,
/// for another `axis` or `different_keys`, for samples with different names, or for an `add_dimension` to
/// properties with different names; RuntimeError if the joined labels are not unique.
METATENSOR_TORCH_EXPORT TensorMap join(const std::vector<TensorMap>& tensors, const std::string& axis,
                                       const std::string& different_keys = "error",
                                       const std::optional<std::string>& add_dimension = std::nullopt);

/// Block with the values of all `blocks`, one after the other along `axis`, which is "samples" or
/// "properties"; see `join`.
METATENSOR_TORCH_EXPORT TensorBlock
join_blocks(const std::vector<TensorBlock>& blocks, const std::string& axis,
            const std::optional<std::string>& add_dimension = std::nullopt);

} // namespace metatensor_torch
