// SPDX-License-Identifier: BSD-3-Clause
#include "script_names.hpp"

#include <torch/csrc/jit/frontend/sugared_value.h>
#include <torch/custom_class.h>

namespace metatomic_torch::detail {

namespace {

/// Null if there is no such class
c10::ClassTypePtr find_class(const std::string& name) {
    const auto* space = name == "TensorMap" ? "metatensor." : "metatomic.";
    return torch::getCustomClass("__torch__.torch.classes." + std::string(space) + name);
}

} // namespace

std::shared_ptr<torch::jit::SugaredValue>
ScriptNames::resolveValue(const std::string& name, torch::jit::GraphFunction& /*function*/,
                          const torch::jit::SourceRange& /*range*/) {
    if (name == "metatomic" || name == "profiler") return std::make_shared<torch::jit::BuiltinModule>(name);
    const auto type = find_class(name);
    return type == nullptr ? nullptr : std::make_shared<torch::jit::ClassValue>(type);
}

c10::TypePtr ScriptNames::resolveType(const std::string& name, const torch::jit::SourceRange& /*range*/) {
    return find_class(name);
}

} // namespace metatomic_torch::detail
