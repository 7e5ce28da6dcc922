// SPDX-License-Identifier: BSD-3-Clause
// The table of operations: one row each, with the signature that TorchScript and Python have
#include "register/operators.hpp"

#include <cctype>
#include <string>
#include <string_view>

#include "metatensor/torch/operations.hpp"

namespace metatensor_torch {

namespace {

constexpr OperatorRow OPERATIONS[] = {
    // checks
    op<&checks_enabled>("checks_enabled() -> bool"),
    op<&unsafe_disable_checks>("unsafe_disable_checks() -> ()"),
    op<&unsafe_enable_checks>("unsafe_enable_checks() -> ()"),

    // arithmetic
    op_with_union<&add>("add(TensorMap A, Union(float, int, TensorMap) B) -> TensorMap"),
};

/// The schema with the full names of our classes
std::string with_class_names(std::string_view schema) {
    std::string result;
    for (size_t start = 0; start < schema.size();) {
        auto end = start;
        while (end < schema.size() && (std::isalnum(static_cast<unsigned char>(schema[end])) != 0)) {
            ++end;
        }
        const auto word = schema.substr(start, end - start);
        if (word == "Labels" || word == "TensorBlock" || word == "TensorMap") {
            result += "__torch__.torch.classes.metatensor.";
        }
        result += word.empty() ? schema.substr(start, 1) : word;
        start = word.empty() ? start + 1 : end;
    }
    return result;
}

} // namespace

void register_metatensor_operations(torch::Library& library) {
    // results often share memory with arguments: nothing may be assumed of them
    for (const auto& row : OPERATIONS) {
        const auto schema = with_class_names(row.schema);
        library.def(torch::schema(schema.c_str(), c10::AliasAnalysisKind::CONSERVATIVE),
                    row.make_function());
    }
}

} // namespace metatensor_torch
