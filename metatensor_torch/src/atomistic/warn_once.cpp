// SPDX-License-Identifier: BSD-3-Clause
#include "warn_once.hpp"

#include <mutex>
#include <set>

#include <c10/util/Exception.h>

namespace metatomic_torch {

void detail::warn_deprecated_once(const std::string& text) {
    static std::mutex mutex;
    static std::set<std::string> known;
    {
        const std::lock_guard lock(mutex);
        if (!known.insert(text).second) return;
    }
    TORCH_WARN_DEPRECATION(text);
}

} // namespace metatomic_torch
