// SPDX-License-Identifier: BSD-3-Clause
#include "check.hpp"
#include "metatensor/torch/operations/comparison.hpp"
#include "operations/detail/arguments.hpp"
#include "operations/detail/difference.hpp"

namespace metatensor_torch {

namespace {

details::Comparison parse_comparison(const char* operation, const torch::IValue& check,
                                     bool check_gradients) {
    if (check.isNone() || (check.isString() && check.toStringRef() == "all")) {
        return {{}, check_gradients};
    }
    TORCH_CHECK_VALUE(!check.isString(), "`check` of '", operation,
                      "' must be a list of strings or \"all\", got \"", check.toStringRef(), "\"");
    details::Comparison comparison{{false, false, false}, check_gradients};
    for (const auto& name : details::strings_in(operation, "check", check)) {
        TORCH_CHECK_VALUE(
            name == "samples" || name == "components" || name == "properties", "`check` of '", operation,
            "' must consist of \"samples\", \"components\" and \"properties\", got \"", name, "\"");
        auto& labels = comparison.labels;
        (name == "samples"      ? labels.samples
         : name == "components" ? labels.components
                                : labels.properties) = true;
    }
    return comparison;
}

} // namespace

bool equal_metadata(const TensorMap& tensor_1, const TensorMap& tensor_2, const torch::IValue& check,
                    bool check_gradients) {
    const auto comparison = parse_comparison("equal_metadata", check, check_gradients);
    return !details::metadata_difference(*tensor_1, *tensor_2, comparison);
}

void equal_metadata_raise(const TensorMap& tensor_1, const TensorMap& tensor_2, const torch::IValue& check,
                          bool check_gradients) {
    const auto comparison = parse_comparison("equal_metadata_raise", check, check_gradients);
    details::raise_difference("equal_metadata_raise",
                              details::metadata_difference(*tensor_1, *tensor_2, comparison));
}

bool equal_metadata_block(const TensorBlock& block_1, const TensorBlock& block_2, const torch::IValue& check,
                          bool check_gradients) {
    const auto comparison = parse_comparison("equal_metadata_block", check, check_gradients);
    return !details::metadata_difference(block_1->data(), block_2->data(), comparison);
}

void equal_metadata_block_raise(const TensorBlock& block_1, const TensorBlock& block_2,
                                const torch::IValue& check, bool check_gradients) {
    const auto comparison = parse_comparison("equal_metadata_block_raise", check, check_gradients);
    details::raise_difference("equal_metadata_block_raise",
                              details::metadata_difference(block_1->data(), block_2->data(), comparison));
}

} // namespace metatensor_torch
