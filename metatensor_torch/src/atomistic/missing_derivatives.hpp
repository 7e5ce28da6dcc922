// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include <c10/util/Exception.h>

namespace metatomic_torch::detail {

/// While it lives, notes the operators that gradients can not go through. torch takes their derivatives for
/// zero, with a warning: those of an extension that registers them in Python are missing in a process without
/// Python.
class MissingDerivatives : public c10::WarningHandler {
  public:
    MissingDerivatives() : outer_(*c10::WarningUtils::get_warning_handler()), guard_(this) {}

    void process(const c10::Warning& warning) override {
        const auto end = warning.msg().find(": an autograd kernel was not registered");
        if (end == std::string::npos) {
            outer_.process(warning);
        } else if (operator_.empty()) {
            operator_ = warning.msg().substr(0, end);
        }
    }

    /// @throws NotImplementedError if an operator had no derivative
    void check() const {
        TORCH_CHECK_NOT_IMPLEMENTED(operator_.empty(), "the operator '", operator_,
                                    "' of the model has no derivative in this process, so that forces would "
                                    "be wrong: the extension that "
                                    "it belongs to may have its derivatives in Python only");
    }

  private:
    c10::WarningHandler& outer_;
    c10::WarningUtils::WarningHandlerGuard guard_;
    std::string operator_;
};

} // namespace metatomic_torch::detail
