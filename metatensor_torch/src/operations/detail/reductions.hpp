// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include <torch/script.h>

#include "metatensor/torch/tensor.hpp"

/// What the operations that reduce samples or properties share
namespace metatensor_torch::details {

/// What becomes of the values in a group
enum class Statistic { sum, mean, variance, standard_deviation };

/// Map, or block, in which the samples that differ only in the dimensions `names` are one sample.
TensorMap reduce_samples(const char* operation, const TensorMap& tensor, const torch::IValue& names,
                         Statistic statistic);
TensorBlock reduce_samples(const char* operation, const TensorBlock& block, const torch::IValue& names,
                           Statistic statistic);

/// Map, or block, in which the properties that differ only in the dimensions `names` are one property.
TensorMap reduce_properties(const char* operation, const TensorMap& tensor, const torch::IValue& names,
                            Statistic statistic);
TensorBlock reduce_properties(const char* operation, const TensorBlock& block, const torch::IValue& names,
                              Statistic statistic);

} // namespace metatensor_torch::details
