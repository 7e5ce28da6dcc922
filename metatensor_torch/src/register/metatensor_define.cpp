// SPDX-License-Identifier: BSD-3-Clause
#include "register/operators.hpp"

namespace metatensor_torch {

namespace {

/// What watches or transforms the calls of operators: dispatch modes (FlopCounterMode, selective
/// checkpointing) and torch.func (grad, jvp, vmap).
constexpr c10::DispatchKey WATCHING_KEYS[] = {
    c10::DispatchKey::Python,
    c10::DispatchKey::PythonTLSSnapshot,
    c10::DispatchKey::FuncTorchDynamicLayerFrontMode,
    c10::DispatchKey::FuncTorchDynamicLayerBackMode,
};

} // namespace

void define_operator(torch::Library& library, const OperatorRow& row, const std::string& schema) {
    auto parsed = torch::schema(schema.c_str(), c10::AliasAnalysisKind::CONSERVATIVE);
    const auto name = parsed.operator_name();
    library.def(std::move(parsed), row.make_function());
    // They do not see the tensors in maps and blocks, and would run the operator below autograd: without
    // derivatives. Passed by here, they get the calls that the operator itself makes, which are of tensors.
    for (const auto key : WATCHING_KEYS) {
        library.impl(toString(name).c_str(), torch::dispatch(key, torch::CppFunction::makeFallthrough()));
    }
}

} // namespace metatensor_torch
