// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <c10/core/Allocator.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace metatensor_lammps {

/// Memory for torch's tensors on the host that is kept when a tensor is freed, and given to the next one of
/// about the same size.
///
/// A model allocates the same large temporaries at each step. The usual allocator hands them back to the
/// system each time, and the page faults can cost more than the model; or it reuses what was freed long ago,
/// which no cache of the processor holds any more. Here the block that was freed last comes first, and large
/// blocks are made of huge pages.
///
/// At most twice as much is kept as was in use at any one time; what was not used for longest goes first. Tensors below 64 KiB are left to torch's
/// own allocator. Safe to use from several threads.
class TensorMemory final : public c10::Allocator {
  public:
    static constexpr std::size_t smallest = std::size_t{1} << 16;

    TensorMemory();
    /// Tensors must not outlive this object.
    ~TensorMemory() override;
    TensorMemory(const TensorMemory&) = delete;
    TensorMemory& operator=(const TensorMemory&) = delete;

    /// @throws c10::OutOfMemoryError when there is no memory for `n` bytes, even after what is kept was
    /// freed.
    c10::DataPtr allocate(std::size_t n) override;
    void copy_data(void* to, const void* from, std::size_t n) const override;

    /// Bytes of freed tensors that are kept.
    std::size_t kept() const;
    /// Frees all that is kept.
    void release_kept();

    /// The one that torch uses from the first call on, for the rest of the process.
    static TensorMemory& install();

  private:
    struct Block;

    // Sizes of blocks: eight between a power of two and the next.
    static constexpr int classes_per_doubling = 8;
    static constexpr std::size_t n_classes = (64 - 16) * classes_per_doubling;

    static std::size_t class_of(std::size_t n);
    static std::size_t size_of(std::size_t size_class);
    static void give_back(void* block);

    Block* take_kept(std::size_t size_class);
    Block* make(std::size_t size_class);
    void keep(Block* block);
    void free_oldest();

    c10::Allocator* small_;
    mutable std::mutex mutex_;
    /// By class: blocks that no tensor uses, the last one freed at the end.
    std::array<std::vector<Block*>, n_classes> kept_blocks_;
    std::size_t kept_ = 0;
    std::size_t in_use_ = 0;
    std::size_t most_in_use_ = 0;
    std::uint64_t n_freed_ = 0;
};

} // namespace metatensor_lammps
