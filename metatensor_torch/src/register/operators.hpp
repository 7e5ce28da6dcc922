// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <torch/script.h>

#include <string>

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

/// Calls `function` with the arguments on the stack.
template <auto* function>
void call_boxed(const c10::OperatorHandle& handle, torch::jit::Stack* stack) {
    using Function = std::remove_pointer_t<decltype(function)>;
    using Functor = typename c10::impl::WrapFunctionIntoFunctor<
        c10::CompileTimeFunctionPointer<Function, function>>::type;
    static Functor functor;
    c10::impl::make_boxed_from_unboxed_functor<Functor, false>::call(&functor, handle, {}, stack);
}

/// Row for a function with an argument of several types: a Union in the schema, an IValue in C++. torch does
/// not compare the schema of such a row with the function.
template <auto* function>
constexpr OperatorRow op_with_union(const char* schema) {
    return {schema, [] { return torch::CppFunction::makeFromBoxedFunction<&call_boxed<function>>(); }};
}

/// Calls a `function` without result; None is left on the stack.
template <auto* function>
void call_boxed_for_none(const c10::OperatorHandle& handle, torch::jit::Stack* stack) {
    call_boxed<function>(handle, stack);
    stack->emplace_back();
}

/// Row for a function that only raises: its schema says `-> NoneType`, as that of a Python function does.
/// With
/// `()` it would give an empty tuple in TorchScript.
template <auto* function>
constexpr OperatorRow op_without_result(const char* schema) {
    return {schema,
            [] { return torch::CppFunction::makeFromBoxedFunction<&call_boxed_for_none<function>>(); }};
}

/// Defines the operator of a row, with the full names of classes in its schema. Nothing is assumed of it:
/// results often share memory with arguments, some operators change their arguments or write files.
void define_operator(torch::Library& library, const OperatorRow& row, const std::string& schema);

/// Defines the operators of `metatensor` for files and versions; its classes are registered before them.
void register_metatensor_operators(torch::Library& library);
/// Defines the operations on maps and blocks.
void register_metatensor_operations(torch::Library& library);

} // namespace metatensor_torch
