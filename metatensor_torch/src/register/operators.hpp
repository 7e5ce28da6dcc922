// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <torch/script.h>

namespace metatensor_torch {

/// Row of a table of operators
struct OperatorRow {
    /// As TorchScript writes it: `name(Type argument) -> Type`
    const char* schema;
    torch::CppFunction (*make_function)();
};

/// Row for a function of C++; the operator may do whatever a function can do to its arguments.
template <auto* function>
constexpr OperatorRow op(const char* schema) {
    return {schema, [] {
                using Function = std::remove_pointer_t<decltype(function)>;
                return torch::CppFunction(c10::CompileTimeFunctionPointer<Function, function>());
            }};
}

/// Defines the operators of `metatensor`, whose classes are registered before them.
void register_metatensor_operators(torch::Library& library);

} // namespace metatensor_torch
