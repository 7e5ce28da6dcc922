// SPDX-License-Identifier: BSD-3-Clause
#include "serialization/source.hpp"

#include <algorithm>
#include <cstring>

#include <sys/mman.h>
#include <sys/stat.h>

#include "check.hpp"
#include "serialization/bytes.hpp"

namespace metatensor_torch::serialization {

namespace {

/// Bytes that are read and summed while they are in the cache
constexpr size_t STREAM_PIECE = size_t{1} << 17;
/// Bytes that are read from a file at once when fewer than half of them are asked for
constexpr size_t WINDOW_SIZE = size_t{1} << 16;
/// Fewer bytes are copied rather than shared: keeping a file mapped for them does not pay.
constexpr uint64_t MIN_SHARED = 4096;

/// Opens a file for reading; its size is the second.
std::pair<OpenFile, uint64_t> open_for_reading(const std::string& path) {
    OpenFile file(path, O_RDONLY);
    if (!file.is_open()) fail("open", path);
    struct stat status {};
    if (::fstat(file.descriptor(), &status) != 0) fail("open", path);
    TORCH_CHECK(S_ISREG(status.st_mode), "can not open '", path, "': not a file");
    return {std::move(file), static_cast<uint64_t>(status.st_size)};
}

} // namespace

void Source::check_range(uint64_t offset, uint64_t size) const {
    const auto available = this->size() - std::min(offset, this->size());
    TORCH_CHECK(size <= available, "the data end too early: expected ", size, " bytes at offset ", offset,
                ", got ", available);
}

void Source::read(uint64_t offset, std::span<std::byte> output) const {
    check_range(offset, output.size());
    if (!output.empty()) read_unchecked(offset, output);
}

std::string Source::read_text(uint64_t offset, uint64_t size) const {
    check_range(offset, size);
    std::string text(size, '\0');
    read(offset, std::as_writable_bytes(std::span(text)));
    return text;
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

FileSource::FileSource(const std::string& path) : path_(path) {
    std::tie(file_, size_) = open_for_reading(path);
}

void FileSource::read_unchecked(uint64_t offset, std::span<std::byte> output) const {
    if (output.size() > WINDOW_SIZE / 2) return read_file(offset, output);
    const auto inside = [&] {
        return offset >= window_offset_ && offset + output.size() <= window_offset_ + window_.size();
    };
    if (!inside()) {
        window_.resize(std::min<uint64_t>(WINDOW_SIZE, size_ - offset));
        window_offset_ = offset;
        read_file(offset, window_);
    }
    std::memcpy(output.data(), window_.data() + (offset - window_offset_), output.size());
}

void FileSource::read_file(uint64_t offset, std::span<std::byte> output) const {
    while (!output.empty()) {
        const auto n_read = ::pread(file_.descriptor(), output.data(), std::min(output.size(), SYSTEM_PIECE),
                                    static_cast<off_t>(offset));
        if (n_read < 0 && errno == EINTR) continue;
        if (n_read < 0) fail("read", path_);
        TORCH_CHECK(n_read > 0, "can not read '", path_, "': the file became shorter");
        offset += static_cast<uint64_t>(n_read);
        output = output.subspan(static_cast<size_t>(n_read));
    }
}

/// Memory of a mapped file
class MappedSource::Mapping {
  public:
    explicit Mapping(const std::string& path) {
        const auto [file, size] = open_for_reading(path);
        if (size == 0) return; // can not be mapped
        // Private: what is written goes to copies of the pages. Without a reservation, as a file may be
        // larger than the memory and few pages get a copy.
        void* const address =
            ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file.descriptor(), 0);
        if (address == MAP_FAILED) fail("map", path);
        bytes = {static_cast<std::byte*>(address), size};
    }
    ~Mapping() {
        if (!bytes.empty()) ::munmap(bytes.data(), bytes.size());
    }
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;

    std::span<std::byte> bytes;
};

MappedSource::MappedSource(const std::string& path) : mapping_(std::make_shared<const Mapping>(path)) {}

uint64_t MappedSource::size() const { return mapping_->bytes.size(); }

torch::Tensor MappedSource::share(uint64_t offset, uint64_t size) const {
    return torch::from_blob(
        mapping_->bytes.data() + offset, {static_cast<int64_t>(size)}, [owner = mapping_](void*) {},
        torch::kUInt8);
}

void MappedSource::read_unchecked(uint64_t offset, std::span<std::byte> output) const {
    std::memcpy(output.data(), mapping_->bytes.data() + offset, output.size());
}

SliceSource::SliceSource(const Source& whole, uint64_t offset, uint64_t size)
    : whole_(&whole), offset_(offset), size_(size) {
    whole.check_range(offset, size);
}

Stream::Stream(const Source& source, uint64_t offset, uint64_t size)
    : source_(&source), offset_(offset), remaining_(size) {
    source.check_range(offset, size);
}

void Stream::check_remaining(uint64_t size) const {
    TORCH_CHECK(size <= remaining_, "the data end too early: expected ", size, " more bytes, got ",
                remaining_);
}

void Stream::read(std::span<std::byte> output) {
    check_remaining(output.size());
    while (!output.empty()) {
        const auto piece = output.first(std::min(output.size(), STREAM_PIECE));
        source_->read(offset_, piece);
        if (checksum_) checksum_ = crc32(*checksum_, piece);
        offset_ += piece.size();
        remaining_ -= piece.size();
        output = output.subspan(piece.size());
    }
}

std::string Stream::read_text(uint64_t size) {
    check_remaining(size);
    std::string text(size, '\0');
    read(std::as_writable_bytes(std::span(text)));
    return text;
}

torch::Tensor Stream::share_rest(size_t alignment) {
    if (remaining_ < MIN_SHARED) return {};
    auto shared = source_->share(offset_, remaining_);
    if (!shared.defined() || reinterpret_cast<uintptr_t>(shared.const_data_ptr()) % alignment != 0) return {};
    checksum_.reset();
    offset_ += remaining_;
    remaining_ = 0;
    return shared;
}

} // namespace metatensor_torch::serialization
