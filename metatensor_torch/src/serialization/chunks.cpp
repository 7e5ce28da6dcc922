// SPDX-License-Identifier: BSD-3-Clause
#include "serialization/chunks.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include <sys/stat.h>

#include "data/empty_on_host.hpp"
#include "serialization/bytes.hpp"
#include "serialization/open_file.hpp"

namespace metatensor_torch::serialization {

namespace {

/// Shorter chunks are joined: fewer calls of the system, for a copy that stays in the cache
constexpr size_t MIN_WRITE = size_t{1} << 16;

constexpr size_t COPIED_PIECE = size_t{1} << 20;

/// A file that is written beside the one at `path` and takes its place in the end
class Replacement {
  public:
    explicit Replacement(const std::string& path) : path_(path), target_(path) {
        struct stat status {};
        const bool exists = ::stat(path.c_str(), &status) == 0;
        struct stat link {};
        const bool is_link = ::lstat(path.c_str(), &link) == 0 && S_ISLNK(link.st_mode);
        if (exists ? S_ISREG(status.st_mode) : !is_link) {
            // rename(2) asks for no permission to write the file that it replaces
            if (exists && ::access(path.c_str(), W_OK) != 0) fail("write", path_);
            if (is_link) target_ = resolved(path);
            open_temporary();
            if (file_.is_open()) {
                if (exists) ::fchmod(file_.descriptor(), status.st_mode & 07777);
                return;
            }
            if (!exists) fail("write", path_);
        }
        file_ = OpenFile(path, O_WRONLY | O_CREAT | O_TRUNC); // also devices and pipes
        if (!file_.is_open()) fail("write", path_);
    }
    ~Replacement() {
        if (!temporary_.empty()) ::unlink(temporary_.c_str());
    }
    Replacement(const Replacement&) = delete;
    Replacement& operator=(const Replacement&) = delete;

    void write(std::span<const std::byte> bytes) {
        while (!bytes.empty()) {
            const auto n_written =
                ::write(file_.descriptor(), bytes.data(), std::min(bytes.size(), SYSTEM_PIECE));
            if (n_written < 0 && errno == EINTR) continue;
            if (n_written < 0) fail("write", path_);
            bytes = bytes.subspan(static_cast<size_t>(n_written));
        }
    }

    void finish() {
        if (file_.close() != 0) fail("write", path_);
        if (temporary_.empty()) return;
        if (std::rename(temporary_.c_str(), target_.c_str()) == 0) {
            temporary_.clear();
        } else if (errno == EBUSY) {
            write_in_place();
        } else {
            fail("write", path_);
        }
    }

  private:
    /// Opens a new file in the folder of the target, if the folder allows it.
    void open_temporary() {
        static std::atomic<unsigned> counter = 0;
        const auto folder = target_.substr(0, target_.rfind('/') + 1);
        do {
            const auto name = ".metatensor-" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
            temporary_ = folder + name;
            file_ = OpenFile(temporary_, O_WRONLY | O_CREAT | O_EXCL);
        } while (!file_.is_open() && errno == EEXIST);
        if (!file_.is_open()) temporary_.clear();
    }

    /// Copies the new file to the target: one that is mounted, as in containers, can not be replaced.
    void write_in_place() {
        const OpenFile source(temporary_, O_RDONLY);
        if (!source.is_open()) fail("write", path_);
        file_ = OpenFile(target_, O_WRONLY | O_TRUNC);
        if (!file_.is_open()) fail("write", path_);
        std::vector<std::byte> piece(COPIED_PIECE);
        while (true) {
            const auto n_read = ::read(source.descriptor(), piece.data(), piece.size());
            if (n_read == 0) break;
            if (n_read < 0 && errno == EINTR) continue;
            if (n_read < 0) fail("write", path_);
            write(std::span(piece).first(static_cast<size_t>(n_read)));
        }
        if (file_.close() != 0) fail("write", path_);
    }

    /// The file that a link leads to, which is there
    static std::string resolved(const std::string& path) {
        const std::unique_ptr<char, decltype(&std::free)> target(::realpath(path.c_str(), nullptr),
                                                                 std::free);
        if (!target) fail("write", path);
        return target.get();
    }

    std::string path_;
    std::string target_;
    std::string temporary_;
    OpenFile file_;
};

} // namespace

std::span<const std::byte> bytes_of(const Chunk& chunk) {
    if (const auto* text = std::get_if<std::string>(&chunk)) {
        return std::as_bytes(std::span(*text));
    }
    const auto& tensor = std::get<torch::Tensor>(chunk);
    return {static_cast<const std::byte*>(tensor.const_data_ptr()), tensor.nbytes()};
}

uint64_t total_size(const Chunks& chunks) {
    uint64_t size = 0;
    for (const auto& chunk : chunks)
        size += bytes_of(chunk).size();
    return size;
}

uint32_t checksum(const Chunks& chunks) {
    uint32_t result = 0;
    for (const auto& chunk : chunks)
        result = crc32(result, bytes_of(chunk));
    return result;
}

torch::Tensor to_buffer(const Chunks& chunks) {
    auto buffer = details::empty_on_host({static_cast<int64_t>(total_size(chunks))}, torch::kUInt8);
    auto* output = buffer.mutable_data_ptr<uint8_t>();
    for (const auto& chunk : chunks) {
        const auto bytes = bytes_of(chunk);
        if (!bytes.empty()) std::memcpy(output, bytes.data(), bytes.size());
        output += bytes.size();
    }
    return buffer;
}

void to_file(const std::string& path, const Chunks& chunks) {
    Replacement file(path);
    std::string small;
    const auto flush = [&] {
        file.write(std::as_bytes(std::span(small)));
        small.clear();
    };
    for (const auto& chunk : chunks) {
        const auto bytes = bytes_of(chunk);
        if (bytes.size() < MIN_WRITE) small.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        if (bytes.size() >= MIN_WRITE || small.size() >= MIN_WRITE) flush();
        if (bytes.size() >= MIN_WRITE) file.write(bytes);
    }
    flush();
    file.finish();
}

} // namespace metatensor_torch::serialization
