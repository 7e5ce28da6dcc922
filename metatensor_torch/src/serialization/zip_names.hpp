// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string_view>

namespace metatensor_torch::serialization {

/// Whether a program that unpacks an entry of this name writes it inside of the folder that it unpacks to
inline bool stays_in_folder(std::string_view name) {
    if (name.empty() || name.front() == '/') return false;
    while (true) {
        const auto slash = name.find('/');
        if (name.substr(0, slash) == "..") return false;
        if (slash == std::string_view::npos) return true;
        name.remove_prefix(slash + 1);
    }
}

} // namespace metatensor_torch::serialization
