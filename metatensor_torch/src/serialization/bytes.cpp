// SPDX-License-Identifier: BSD-3-Clause
#include "serialization/bytes.hpp"

#include "check.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

namespace metatensor_torch::serialization {

namespace {

/// Bytes that are read and summed while they are in the cache
constexpr size_t STREAM_PIECE = size_t{1} << 18;
/// Most bytes that one call of the system is asked for (Linux stops at 2 GiB)
constexpr size_t SYSTEM_PIECE = size_t{1} << 30;

uint32_t add_to_checksum(uint32_t checksum, std::span<const std::byte> bytes) {
    if (bytes.empty()) return checksum; // zlib starts anew for a null pointer, which empty tensors have
    return static_cast<uint32_t>(
        crc32_z(checksum, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

[[noreturn]] void fail(const std::string& action, const std::string& path) {
    TORCH_CHECK(false, "can not ", action, " '", path, "': ", std::strerror(errno));
}

/// Closes the file it was given, also when an exception passes.
class OpenFile {
  public:
    OpenFile(std::string path, int flags) : path_(std::move(path)), descriptor_(open_file(path_, flags)) {}
    ~OpenFile() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;

    static int open_file(const std::string& path, int flags) {
        const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
        if (descriptor < 0) fail((flags & O_CREAT) != 0 ? "write" : "open", path);
        return descriptor;
    }

    void write(std::span<const std::byte> bytes) {
        while (!bytes.empty()) {
            const auto n_written = ::write(descriptor_, bytes.data(), std::min(bytes.size(), SYSTEM_PIECE));
            if (n_written < 0 && errno == EINTR) continue;
            if (n_written < 0) fail("write", path_);
            bytes = bytes.subspan(static_cast<size_t>(n_written));
        }
    }

    /// Some file systems tell only now that there was no space.
    void close() {
        if (::close(std::exchange(descriptor_, -1)) != 0) fail("write", path_);
    }

  private:
    std::string path_;
    int descriptor_;
};

} // namespace

void Source::read(uint64_t offset, std::span<std::byte> output) const {
    TORCH_CHECK(offset <= size() && output.size() <= size() - offset, "the data end too early: expected ",
                output.size(), " bytes at offset ", offset, ", got ", size() - std::min(offset, size()));
    if (!output.empty()) read_unchecked(offset, output);
}

std::string Source::read_all() const {
    std::string bytes(size(), '\0');
    read(0, std::as_writable_bytes(std::span(bytes)));
    return bytes;
}

MemorySource::MemorySource(const torch::Tensor& buffer) : owner_(buffer) {
    TORCH_CHECK_VALUE(buffer.scalar_type() == torch::kUInt8, "the buffer must have dtype uint8, got ",
                      dtype_text(buffer.scalar_type()));
    TORCH_CHECK_VALUE(buffer.device().is_cpu(), "the buffer must be on the CPU, got a tensor on ",
                      buffer.device());
    TORCH_CHECK_VALUE(buffer.dim() == 1, "the buffer must have one dimension, got ", buffer.dim());
    TORCH_CHECK_VALUE(buffer.is_contiguous(), "the buffer must be contiguous, got a strided tensor");
    bytes_ = std::as_bytes(std::span(buffer.const_data_ptr<uint8_t>(), static_cast<size_t>(buffer.numel())));
}

void MemorySource::read_unchecked(uint64_t offset, std::span<std::byte> output) const {
    std::memcpy(output.data(), bytes_.data() + offset, output.size());
}

FileSource::FileSource(const std::string& path)
    : path_(path), descriptor_(OpenFile::open_file(path, O_RDONLY)) {
    struct stat status {};
    const bool regular = ::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode);
    if (!regular) ::close(descriptor_);
    TORCH_CHECK(regular, "can not open '", path, "': not a file");
    size_ = static_cast<uint64_t>(status.st_size);
}

FileSource::~FileSource() { ::close(descriptor_); }

void FileSource::read_unchecked(uint64_t offset, std::span<std::byte> output) const {
    while (!output.empty()) {
        const auto n_read = ::pread(descriptor_, output.data(), std::min(output.size(), SYSTEM_PIECE),
                                    static_cast<off_t>(offset));
        if (n_read < 0 && errno == EINTR) continue;
        if (n_read < 0) fail("read", path_);
        TORCH_CHECK(n_read > 0, "can not read '", path_, "': the file became shorter");
        offset += static_cast<uint64_t>(n_read);
        output = output.subspan(static_cast<size_t>(n_read));
    }
}

Stream::Stream(const Source& source, uint64_t offset, uint64_t size)
    : source_(&source), offset_(offset), remaining_(size) {
    TORCH_CHECK(offset <= source.size() && size <= source.size() - offset,
                "the data end too early: expected ", size, " bytes at offset ", offset, " of ",
                source.size());
}

void Stream::read(std::span<std::byte> output) {
    TORCH_CHECK(output.size() <= remaining_, "the data end too early: expected ", output.size(),
                " more bytes, got ", remaining_);
    while (!output.empty()) {
        const auto piece = output.first(std::min(output.size(), STREAM_PIECE));
        source_->read(offset_, piece);
        checksum_ = add_to_checksum(checksum_, piece);
        offset_ += piece.size();
        remaining_ -= piece.size();
        output = output.subspan(piece.size());
    }
}

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
        result = add_to_checksum(result, bytes_of(chunk));
    return result;
}

torch::Tensor to_buffer(const Chunks& chunks) {
    auto buffer = torch::empty({static_cast<int64_t>(total_size(chunks))},
                               torch::TensorOptions().dtype(torch::kUInt8).device(torch::kCPU));
    auto* output = buffer.mutable_data_ptr<uint8_t>();
    for (const auto& chunk : chunks) {
        const auto bytes = bytes_of(chunk);
        if (!bytes.empty()) std::memcpy(output, bytes.data(), bytes.size());
        output += bytes.size();
    }
    return buffer;
}

void to_file(const std::string& path, const Chunks& chunks) {
    OpenFile file(path, O_WRONLY | O_CREAT | O_TRUNC);
    std::string small; // joins what is too short for a call of its own
    const auto flush = [&] {
        file.write(std::as_bytes(std::span(small)));
        small.clear();
    };
    for (const auto& chunk : chunks) {
        const auto bytes = bytes_of(chunk);
        if (bytes.size() + small.size() > STREAM_PIECE) flush();
        if (bytes.size() > STREAM_PIECE) {
            file.write(bytes);
        } else {
            small.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        }
    }
    flush();
    file.close();
}

} // namespace metatensor_torch::serialization
