// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <torch/script.h>

#include "metatensor/torch/tensor.hpp"

/// Arguments of operations that may be one of several types
namespace metatensor_torch::details {

/// `value` as a floating-point number, none if it is a map; TypeError, which names `operation` and
/// `argument`, if it is neither.
std::optional<double> number_or_map(const char* operation, const char* argument, const torch::IValue& value);

/// Strings in `value`, a string or a list of strings; TypeError for anything else.
std::vector<std::string> strings_in(const char* operation, const char* argument, const torch::IValue& value);

/// The same, or none if `value` is None
std::optional<std::vector<std::string>> optional_strings_in(const char* operation, const char* argument,
                                                            const torch::IValue& value);

/// Axis that an operation works on
enum class Axis { keys, samples, components, properties };

/// Axis with this name; ValueError, which names `operation`, if it is none of `allowed`.
Axis axis_in(const char* operation, const std::string& axis, const std::vector<Axis>& allowed);

} // namespace metatensor_torch::details
