// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "operations/detail/blocks.hpp"

/// What is not the same in two maps or blocks
namespace metatensor_torch::details {

/// In words, such as "the samples of the gradients with respect to 'x'"; none if there is no difference.
using Difference = std::optional<std::string>;

/// How far two maps or blocks are compared
struct Comparison {
    ComparedLabels labels;
    bool gradients = true;
};

/// First difference between the labels of two blocks
Difference metadata_difference(const BlockData& first, const BlockData& other, Comparison comparison);

/// First difference between the keys or labels of two maps
Difference metadata_difference(const TensorMapHolder& first, const TensorMapHolder& other,
                               Comparison comparison);

/// Comparison of the values of two tensors of the same shape: a bool tensor without dimensions, on their
/// device
using ValuesMatch = std::function<torch::Tensor(const torch::Tensor& first, const torch::Tensor& other)>;

/// What a comparison is for: where values differ takes longer to find than whether they do, on a device.
enum class Wanted { difference, whether };

/// First difference between two blocks; in values any, if `wanted` is only whether there is one
Difference block_difference(const BlockData& first, const BlockData& other, const ValuesMatch& match,
                            Wanted wanted);

/// The same of two maps
Difference map_difference(const TensorMapHolder& first, const TensorMapHolder& other,
                          const ValuesMatch& match, Wanted wanted);

/// NotEqualError, which names `operation`, if there is a difference.
void raise_difference(const char* operation, const Difference& difference);

} // namespace metatensor_torch::details
