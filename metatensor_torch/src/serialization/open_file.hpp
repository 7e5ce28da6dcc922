// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include <c10/util/Exception.h>
#include <fcntl.h>
#include <unistd.h>

namespace metatensor_torch::serialization {

/// Most bytes that one call of the system is asked for (Linux stops at 2 GiB)
constexpr size_t SYSTEM_PIECE = size_t{1} << 30;

/// Throws RuntimeError for the `error` that the system gave.
[[noreturn]] inline void fail(const std::string& action, const std::string& path, int error = errno) {
    TORCH_CHECK(false, "can not ", action, " '", path, "': ", std::strerror(error));
}

/// Descriptor of an open file, which is closed at the end
class OpenFile {
  public:
    /// Opens with `flags` of open(2); `is_open` tells whether that worked, errno why not.
    OpenFile(const std::string& path, int flags)
        : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {}
    OpenFile() = default;
    ~OpenFile() {
        if (is_open()) ::close(descriptor_);
    }
    OpenFile(OpenFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    OpenFile& operator=(OpenFile&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }

    bool is_open() const { return descriptor_ >= 0; }
    int descriptor() const { return descriptor_; }
    /// Result of close(2): some file systems tell only now that there was no space.
    int close() { return ::close(std::exchange(descriptor_, -1)); }

  private:
    int descriptor_ = -1;
};

} // namespace metatensor_torch::serialization
