// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <metatensor/torch/exports.h>

/// Numbers and checksums of serialized bytes
namespace metatensor_torch::serialization {

/// CRC-32 (that of zip archives) of bytes with this checksum, followed by `bytes`; 0 is that of no bytes.
METATENSOR_TORCH_EXPORT uint32_t crc32(uint32_t checksum, std::span<const std::byte> bytes);

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

/// Fixed number of bytes of integers, little-endian and without gaps
template <size_t SIZE>
class LittleEndianFields {
  public:
    /// Adds the next integer; all of them together have `SIZE` bytes.
    template <std::unsigned_integral T>
    void add(T value) {
        for (size_t i = 0; i < sizeof(T); ++i)
            bytes_[n_used_ + i] = static_cast<char>((value >> (8 * i)) & 0xff);
        n_used_ += sizeof(T);
    }
    /// The bytes of all that was added
    std::string_view bytes() const { return {bytes_.data(), n_used_}; }

  private:
    std::array<char, SIZE> bytes_;
    size_t n_used_ = 0;
};

/// Appends `value` to `bytes`, in little-endian order.
template <std::unsigned_integral T>
void append_little_endian(std::string& bytes, T value) {
    std::array<char, sizeof(T)> parts;
    for (size_t i = 0; i < sizeof(T); ++i)
        parts[i] = static_cast<char>((value >> (8 * i)) & 0xff);
    bytes.append(parts.data(), parts.size());
}

} // namespace metatensor_torch::serialization
