// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

namespace metatomic_torch::detail {

/// Is a shared library loaded whose file name contains `name`?
bool is_library_loaded(const std::string& name);

/// Loads a shared library for the rest of the process; returns the reason if that fails, else an empty text.
std::string load_library(const std::string& path);

} // namespace metatomic_torch::detail
