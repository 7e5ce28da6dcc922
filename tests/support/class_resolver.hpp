// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <memory>
#include <string>

#include <torch/csrc/jit/frontend/resolver.h>
#include <torch/csrc/jit/frontend/sugared_value.h>
#include <torch/custom_class.h>

namespace test {

/// Knows the classes by their short names and the operators by those of their libraries, and all else that
/// TorchScript knows.
class ClassResolver : public torch::jit::Resolver {
  public:
    std::shared_ptr<torch::jit::SugaredValue> resolveValue(const std::string& name,
                                                           torch::jit::GraphFunction& function,
                                                           const torch::jit::SourceRange& range) override {
        const auto type = find(name);
        if (type != nullptr) return std::make_shared<torch::jit::ClassValue>(type);
        if (name == "metatomic") return std::make_shared<torch::jit::BuiltinModule>(name);
        return native_->resolveValue(name, function, range);
    }
    torch::TypePtr resolveType(const std::string& name, const torch::jit::SourceRange& range) override {
        const auto type = find(name);
        return type != nullptr ? type : native_->resolveType(name, range);
    }

  private:
    static torch::ClassTypePtr find(const std::string& name) {
        for (const auto* library : {"metatomic.", "metatensor."}) {
            auto type = torch::getCustomClass("__torch__.torch.classes." + std::string(library) + name);
            if (type != nullptr) return type;
        }
        return nullptr;
    }

    std::shared_ptr<torch::jit::Resolver> native_ = torch::jit::nativeResolver();
};

} // namespace test
