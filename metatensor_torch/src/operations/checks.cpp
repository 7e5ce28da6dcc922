// SPDX-License-Identifier: BSD-3-Clause
#include "metatensor/torch/operations/checks.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <string>

#include "operations/detail/checks.hpp"

namespace metatensor_torch {

namespace {

bool enabled_at_start() {
    const auto* variable = std::getenv("METATENSOR_UNSAFE_DISABLE_CHECKS");
    std::string text = variable == nullptr ? "" : variable;
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text.empty() || text == "0" || text == "off" || text == "false" || text == "no";
}

std::atomic<bool> enabled = enabled_at_start();

} // namespace

bool checks_enabled() { return enabled; }

void unsafe_disable_checks() { enabled = false; }

void unsafe_enable_checks() { enabled = true; }

bool details::checks_are_enabled() { return enabled; }

} // namespace metatensor_torch
