// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include <sys/stat.h>

/// Paths of files. Not std::filesystem: the libtorch.so of some CUDA builds of torch exports functions of it,
/// and programs that find these before those of the C++ library crash.
namespace metatomic_torch::detail {

/// Whether there is a file or directory at `path`
inline bool path_exists(const std::string& path) {
    struct stat status = {};
    return ::stat(path.c_str(), &status) == 0;
}

inline bool is_directory(const std::string& path) {
    struct stat status = {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

inline bool is_absolute(const std::string& path) { return !path.empty() && path.front() == '/'; }

/// What follows the last "/"
inline std::string file_name(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

/// `path`, taken as relative, inside of `directory`
inline std::string inside(const std::string& directory, const std::string& path) {
    const auto start = path.find_first_not_of('/');
    return directory + "/" + (start == std::string::npos ? "" : path.substr(start));
}

} // namespace metatomic_torch::detail
