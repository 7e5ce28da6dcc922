// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <torch/script.h>

#include <metatensor/torch/exports.h>

#include "serialization/open_file.hpp"

/// Where serialized bytes come from
namespace metatensor_torch::serialization {

/// Bytes of a file or of a buffer that stays alive, read from any place
class METATENSOR_TORCH_EXPORT Source {
  public:
    virtual ~Source() = default;
    /// Number of bytes
    virtual uint64_t size() const = 0;
    /// Fills `output` with the bytes at `offset`; RuntimeError if there are not so many or they can't be
    /// read.
    void read(uint64_t offset, std::span<std::byte> output) const;
    /// `size` bytes at `offset`; errors as above, before any memory is taken
    std::string read_text(uint64_t offset, uint64_t size) const;
    /// The `size` bytes at `offset` without a copy, uint8 [size], which stay valid when this ends. Undefined
    /// if this source can not give them so. The caller knows that there are so many.
    virtual torch::Tensor share(uint64_t /*offset*/, uint64_t /*size*/) const { return {}; }
    /// RuntimeError unless there are `size` bytes at `offset`
    void check_range(uint64_t offset, uint64_t size) const;

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

/// Bytes of a file, which are read when they are asked for
class METATENSOR_TORCH_EXPORT FileSource final : public Source {
  public:
    /// RuntimeError if there is no such file or it can't be opened.
    explicit FileSource(const std::string& path);
    uint64_t size() const override { return size_; }

  private:
    void read_unchecked(uint64_t offset, std::span<std::byte> output) const override;
    void read_file(uint64_t offset, std::span<std::byte> output) const;
    std::string path_;
    OpenFile file_;
    uint64_t size_ = 0;
    /// The last piece that was read for the sake of a few bytes: the next ones are often near.
    mutable std::vector<std::byte> window_;
    mutable uint64_t window_offset_ = 0;
};

/// Bytes of a file that is mapped into memory, which tensors can share. Changing them changes a copy of the
/// page, never the file.
class METATENSOR_TORCH_EXPORT MappedSource final : public Source {
  public:
    /// RuntimeError if there is no such file or it can't be mapped.
    explicit MappedSource(const std::string& path);
    uint64_t size() const override;
    torch::Tensor share(uint64_t offset, uint64_t size) const override;

  private:
    class Mapping;
    void read_unchecked(uint64_t offset, std::span<std::byte> output) const override;
    std::shared_ptr<const Mapping> mapping_;
};

/// A part of another source, which must outlive this
class METATENSOR_TORCH_EXPORT SliceSource final : public Source {
  public:
    /// RuntimeError unless there are `size` bytes at `offset` of `whole`.
    SliceSource(const Source& whole, uint64_t offset, uint64_t size);
    uint64_t size() const override { return size_; }
    torch::Tensor share(uint64_t offset, uint64_t size) const override {
        return whole_->share(offset_ + offset, size);
    }

  private:
    void read_unchecked(uint64_t offset, std::span<std::byte> output) const override {
        whole_->read(offset_ + offset, output);
    }
    const Source* whole_;
    uint64_t offset_;
    uint64_t size_;
};

/// Bytes that are read once, from the first to the last
class METATENSOR_TORCH_EXPORT Stream {
  public:
    /// All bytes of `source`, which must outlive this
    explicit Stream(const Source& source) : source_(&source), remaining_(source.size()) {}
    /// The `size` bytes at `offset`; RuntimeError if they end outside.
    Stream(const Source& source, uint64_t offset, uint64_t size);
    /// Number of bytes that are still to be read
    uint64_t remaining() const { return remaining_; }
    /// CRC-32 of the bytes read so far; none if some of them were shared, and so not looked at
    std::optional<uint32_t> checksum() const { return checksum_; }
    /// RuntimeError if fewer than `size` bytes are still to be read.
    void check_remaining(uint64_t size) const;
    /// Fills `output` with the next bytes; RuntimeError if there are not so many.
    void read(std::span<std::byte> output);
    /// The next `size` bytes; errors as above, before any memory is taken
    std::string read_text(uint64_t size);
    /// All that remains as a tensor without a copy, uint8 [remaining], where that is possible, worthwhile and
    /// the memory is a multiple of `alignment`; else an undefined tensor, and nothing is read.
    torch::Tensor share_rest(size_t alignment);

  private:
    const Source* source_;
    uint64_t offset_ = 0;
    uint64_t remaining_;
    std::optional<uint32_t> checksum_ = 0;
};

} // namespace metatensor_torch::serialization
