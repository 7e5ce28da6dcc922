// SPDX-License-Identifier: BSD-3-Clause
#include "operations/detail/arguments.hpp"

#include <algorithm>

#include "check.hpp"

namespace metatensor_torch::details {

std::optional<double> number_or_map(const char* operation, const char* argument, const torch::IValue& value) {
    if (value.isDouble() || value.isInt()) {
        return value.isDouble() ? value.toDouble() : static_cast<double>(value.toInt());
    }
    TORCH_CHECK_TYPE(as_custom_class<TensorMapHolder>(value), "`", argument, "` of '", operation,
                     "' must be a number or a TensorMap, got ", value.type()->repr_str());
    return std::nullopt;
}

std::vector<std::string> strings_in(const char* operation, const char* argument, const torch::IValue& value) {
    return normalize_names(value, std::string("`") + argument + "` of '" + operation + "'");
}

std::optional<std::vector<std::string>> optional_strings_in(const char* operation, const char* argument,
                                                            const torch::IValue& value) {
    return value.isNone() ? std::nullopt : std::optional(strings_in(operation, argument, value));
}

Axis axis_in(const char* operation, const std::string& axis, const std::vector<Axis>& allowed) {
    constexpr const char* NAMES[] = {"keys", "samples", "components", "properties"};
    std::vector<std::string> allowed_names;
    for (const auto candidate : allowed) {
        const auto* name = NAMES[static_cast<size_t>(candidate)];
        if (axis == name) {
            return candidate;
        }
        allowed_names.push_back(std::string("'") + name + "'");
    }
    C10_THROW_ERROR(ValueError, std::string("the axis of '") + operation + "' must be one of " +
                                    comma_list(allowed_names) + ", got '" + axis + "'");
}

} // namespace metatensor_torch::details
