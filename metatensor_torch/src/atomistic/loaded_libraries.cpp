// SPDX-License-Identifier: BSD-3-Clause
#include "loaded_libraries.hpp"

#include <dlfcn.h>

#include <vector>

#if defined(__APPLE__)
#include <mach-o/dyld.h>
#else
#include <link.h>
#endif

#include "paths.hpp"

namespace metatomic_torch::detail {
namespace {

std::vector<std::string> loaded_libraries() {
    std::vector<std::string> paths;
#if defined(__APPLE__)
    for (uint32_t i = 0; i < _dyld_image_count(); ++i)
        paths.emplace_back(_dyld_get_image_name(i));
#else
    dl_iterate_phdr(
        [](dl_phdr_info* info, size_t, void* data) {
            static_cast<std::vector<std::string>*>(data)->emplace_back(info->dlpi_name);
            return 0;
        },
        &paths);
#endif
    return paths;
}

} // namespace

bool is_library_loaded(const std::string& name) {
    for (const auto& path : loaded_libraries()) {
        if (file_name(path).find(name) != std::string::npos) return true;
    }
    return false;
}

std::string load_library(const std::string& path) {
    if (dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL) != nullptr) return "";
    const auto* reason = dlerror();
    return reason != nullptr ? reason : "unknown error";
}

} // namespace metatomic_torch::detail
