// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <c10/core/Allocator.h>

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

namespace metatensor_lammps {

/// Memory for torch's tensors on the host that stays with the process when a tensor is freed.
///
/// A model allocates the same large temporaries at each step. The usual allocator hands them back to the
/// system each time, and the page faults can cost more than the model. Here freed memory is joined with what
/// is free beside it, and the next tensor takes the smallest free piece that is large enough, the first in
/// memory of several: so a step's temporaries stay close together, where the caches of the processor may
/// still hold them, and there are never many more than a step needs. Regions are made of huge pages where the
/// system has them.
///
/// Tensors below 64 KiB are left to torch's own allocator. Safe to use from several threads.
class TensorMemory final : public c10::Allocator {
  public:
    static constexpr std::size_t smallest = std::size_t{1} << 16;

    TensorMemory();
    /// Tensors must not outlive this object.
    ~TensorMemory() override;
    TensorMemory(const TensorMemory&) = delete;
    TensorMemory& operator=(const TensorMemory&) = delete;

    /// @throws c10::OutOfMemoryError when there is no memory for `n` bytes, even after `release_unused`.
    c10::DataPtr allocate(std::size_t n) override;
    void copy_data(void* to, const void* from, std::size_t n) const override;
    /// For what others allocate without a tensor (oneDNN does): of the installed one only.
    c10::DeleterFnPtr raw_deleter() const override;

    /// Bytes taken from the system.
    std::size_t reserved() const;
    /// Bytes that tensors use, with what is lost by rounding up to pages.
    std::size_t in_use() const;
    /// Gives regions without tensors back to the system.
    void release_unused();

    /// The one that torch uses from the first call on, for the rest of the process.
    static TensorMemory& install();

  private:
    using Region = std::unique_ptr<std::byte, void (*)(void*)>;

    struct Piece {
        std::size_t size;
        std::size_t region;
    };

    /// Stands in front of a tensor's data.
    struct Header {
        TensorMemory* owner;
        Piece piece;
    };
    static constexpr std::size_t header_size = 64; // a cache line: data are aligned to it
    static_assert(sizeof(Header) <= header_size);

    static void give_back(void* data);
    static void give_back_any(void* data);

    bool owns(const std::byte* data) const;
    std::byte* take(std::size_t size);
    bool add_region(std::size_t size);
    void add_free(std::byte* data, Piece piece);
    std::map<std::byte*, Piece>::iterator remove_free(std::map<std::byte*, Piece>::iterator piece);
    void free(std::byte* data, Piece piece);
    void release_unused_locked();

    c10::Allocator* small_;
    mutable std::mutex mutex_;
    /// Those given back are null, and their places are used again.
    std::vector<Region> regions_;
    std::vector<std::size_t> region_sizes_;
    /// Free pieces by address; no two of a region touch.
    std::map<std::byte*, Piece> free_;
    /// The same by size, then address.
    std::set<std::pair<std::size_t, std::byte*>> free_by_size_;
    std::size_t reserved_ = 0;
    std::size_t in_use_ = 0;
};

} // namespace metatensor_lammps
