// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include <torch/script.h>

#include <metatensor/torch/exports.h>

namespace metatensor_torch {

/// Two maps or blocks, or their labels, are not the same where they have to be: `NotEqualError` in Python
class METATENSOR_TORCH_EXPORT NotEqualError : public c10::ValueError {
  public:
    /// Error with the text `message`
    explicit NotEqualError(const std::string& message);
};

} // namespace metatensor_torch
