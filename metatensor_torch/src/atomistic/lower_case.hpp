// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>

namespace metatomic_torch {

/// The text with the letters A to Z in lower case, whatever the locale
inline std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (auto& letter : lower) {
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    }
    return lower;
}

} // namespace metatomic_torch
