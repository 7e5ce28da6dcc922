// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
#include <string>

#include <torch/csrc/jit/frontend/resolver.h>

namespace metatomic_torch::detail {

/// Finds what TorchScript code of this library names: the operators `metatomic.*` and `profiler.*`, and the
/// classes of today, without their namespaces.
struct ScriptNames final : public torch::jit::Resolver {
    std::shared_ptr<torch::jit::SugaredValue> resolveValue(const std::string& name,
                                                           torch::jit::GraphFunction& function,
                                                           const torch::jit::SourceRange& range) override;
    c10::TypePtr resolveType(const std::string& name, const torch::jit::SourceRange& range) override;
};

} // namespace metatomic_torch::detail
