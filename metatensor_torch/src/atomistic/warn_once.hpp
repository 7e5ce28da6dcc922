// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

namespace metatomic_torch::detail {

/// Warns that something is deprecated, the first time that there is this text: models may run into it at each
/// step.
void warn_deprecated_once(const std::string& text);

} // namespace metatomic_torch::detail
