// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include <torch/script.h>

#include <metatensor/torch/exports.h>

/// Where serialized bytes come from and go to
namespace metatensor_torch::serialization {

/// Bytes of a file or of a buffer that stays alive, read from any place.
class METATENSOR_TORCH_EXPORT Source {
  public:
    virtual ~Source() = default;
    /// Number of bytes
    virtual uint64_t size() const = 0;
    /// Fills `output` with the bytes at `offset`; RuntimeError if there are not so many or they can't be
    /// read.
    void read(uint64_t offset, std::span<std::byte> output) const;
    /// All bytes
    std::string read_all() const;

  private:
    virtual void read_unchecked(uint64_t offset, std::span<std::byte> output) const = 0;
};

/// Bytes in memory that stay where they are as long as this lives
class METATENSOR_TORCH_EXPORT MemorySource final : public Source {
  public:
    explicit MemorySource(std::span<const std::byte> bytes) : bytes_(bytes) {}
    /// Bytes of a CPU tensor, uint8 [n]; ValueError for other tensors.
    explicit MemorySource(const torch::Tensor& buffer);
    uint64_t size() const override { return bytes_.size(); }

  private:
    void read_unchecked(uint64_t offset, std::span<std::byte> output) const override;
    torch::Tensor owner_;
    std::span<const std::byte> bytes_;
};

/// Bytes of a file
class METATENSOR_TORCH_EXPORT FileSource final : public Source {
  public:
    /// RuntimeError if there is no such file or it can't be opened.
    explicit FileSource(const std::string& path);
    ~FileSource() override;
    FileSource(const FileSource&) = delete;
    FileSource& operator=(const FileSource&) = delete;
    uint64_t size() const override { return size_; }

  private:
    void read_unchecked(uint64_t offset, std::span<std::byte> output) const override;
    std::string path_;
    int descriptor_;
    uint64_t size_ = 0;
};

/// Bytes that are read once, from the first to the last
class METATENSOR_TORCH_EXPORT Stream {
  public:
    /// The `size` bytes at `offset` of `source`, which must outlive this; RuntimeError if they end outside.
    Stream(const Source& source, uint64_t offset, uint64_t size);
    /// All bytes of `source`
    explicit Stream(const Source& source) : Stream(source, 0, source.size()) {}
    /// Number of bytes that are still to be read
    uint64_t remaining() const { return remaining_; }
    /// CRC-32 of the bytes read so far
    uint32_t checksum() const { return checksum_; }
    /// Fills `output` with the next bytes; RuntimeError if there are not so many.
    void read(std::span<std::byte> output);

  private:
    const Source* source_;
    uint64_t offset_;
    uint64_t remaining_;
    uint32_t checksum_ = 0;
};

/// Bytes to be written: a text, or all elements of a contiguous CPU tensor (no copy of them is made)
using Chunk = std::variant<std::string, torch::Tensor>;
/// Bytes to be written one after the other
using Chunks = std::vector<Chunk>;

/// The bytes of `chunk`, which must outlive the result
METATENSOR_TORCH_EXPORT std::span<const std::byte> bytes_of(const Chunk& chunk);
/// Number of bytes of `chunks`
METATENSOR_TORCH_EXPORT uint64_t total_size(const Chunks& chunks);
/// CRC-32 of all `chunks` together
METATENSOR_TORCH_EXPORT uint32_t checksum(const Chunks& chunks);
/// All `chunks` in one buffer, uint8 [total size]
METATENSOR_TORCH_EXPORT torch::Tensor to_buffer(const Chunks& chunks);
/// Writes all `chunks` to the file at `path`, which is replaced; RuntimeError if that fails.
METATENSOR_TORCH_EXPORT void to_file(const std::string& path, const Chunks& chunks);

/// Value of the little-endian integer at `offset`, which the caller knows to be inside of `bytes`
template <std::unsigned_integral T>
T little_endian(std::string_view bytes, size_t offset) {
    T value = 0;
    for (size_t i = 0; i < sizeof(T); ++i) {
        value = static_cast<T>(
            value | static_cast<T>(static_cast<T>(static_cast<uint8_t>(bytes[offset + i])) << (8 * i)));
    }
    return value;
}

/// Appends `value` to `bytes`, in little-endian order.
template <std::unsigned_integral T>
void append_little_endian(std::string& bytes, T value) {
    for (size_t i = 0; i < sizeof(T); ++i) {
        bytes.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
    }
}

} // namespace metatensor_torch::serialization
