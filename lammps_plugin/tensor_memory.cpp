// SPDX-License-Identifier: BSD-3-Clause
#include "tensor_memory.hpp"

#include <c10/core/CPUAllocator.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace metatensor_lammps {

namespace {

constexpr std::size_t page = std::size_t{1} << 12;
constexpr std::size_t huge_page = std::size_t{1} << 21;
constexpr std::size_t smallest_region = std::size_t{1} << 25;

std::size_t round_up(std::size_t n, std::size_t unit) { return (n + unit - 1) / unit * unit; }

} // namespace

TensorMemory::TensorMemory() : small_(c10::GetDefaultCPUAllocator()) {}

TensorMemory::~TensorMemory() = default;

c10::DataPtr TensorMemory::allocate(std::size_t n) {
    if (n < smallest) return small_->allocate(n);
    Block* block = nullptr;
    if (n <= PTRDIFF_MAX - huge_page) {
        const auto size = round_up(n, page);
        const std::lock_guard lock(mutex_);
        block = take(size);
        if (block == nullptr) {
            release_unused_locked();
            block = take(size);
        }
    }
    TORCH_CHECK_WITH(OutOfMemoryError, block != nullptr, "can not allocate ", n, " bytes for a tensor");
    return {block->data, block, &give_back, c10::Device(c10::DeviceType::CPU)};
}

TensorMemory::Block* TensorMemory::take(std::size_t size) {
    auto best = free_by_size_.lower_bound({size, nullptr});
    if (best == free_by_size_.end()) {
        if (!add_region(size)) return nullptr;
        best = free_by_size_.lower_bound({size, nullptr});
    }
    const auto found = free_.find(best->second);
    auto* data = found->first;
    const auto piece = found->second;
    auto block = std::make_unique<Block>(Block{this, data, {size, piece.region}});
    remove_free(found);
    if (piece.size > size) add_free(data + size, {piece.size - size, piece.region});
    in_use_ += size;
    return block.release();
}

// Regions grow with what there is, so that there are few of them.
bool TensorMemory::add_region(std::size_t size) {
    for (const auto wish : {std::max({size, reserved_ / 2, smallest_region}), size}) {
        const auto region_size = round_up(wish, huge_page);
        auto region = Region(static_cast<std::byte*>(std::aligned_alloc(huge_page, region_size)), &std::free);
        if (!region) continue;
#if defined(__linux__)
        madvise(region.get(), region_size, MADV_HUGEPAGE); // an advice, which the system need not take
#endif
        add_free(region.get(), {region_size, regions_.size()});
        regions_.push_back(std::move(region));
        region_sizes_.push_back(region_size);
        reserved_ += region_size;
        return true;
    }
    return false;
}

void TensorMemory::add_free(std::byte* data, Piece piece) {
    free_.emplace(data, piece);
    free_by_size_.emplace(piece.size, data);
}

std::map<std::byte*, TensorMemory::Piece>::iterator
TensorMemory::remove_free(std::map<std::byte*, Piece>::iterator piece) {
    free_by_size_.erase({piece->second.size, piece->first});
    return free_.erase(piece);
}

void TensorMemory::give_back(void* pointer) {
    const std::unique_ptr<Block> block(static_cast<Block*>(pointer));
    const std::lock_guard lock(block->owner->mutex_);
    block->owner->free(*block);
}

void TensorMemory::free(const Block& block) {
    auto* data = block.data;
    auto piece = block.piece;
    in_use_ -= piece.size;
    auto next = free_.upper_bound(data);
    if (next != free_.end() && next->first == data + piece.size && next->second.region == piece.region) {
        piece.size += next->second.size;
        next = remove_free(next);
    }
    if (next != free_.begin()) {
        const auto previous = std::prev(next);
        if (previous->first + previous->second.size == data && previous->second.region == piece.region) {
            data = previous->first;
            piece.size += previous->second.size;
            remove_free(previous);
        }
    }
    add_free(data, piece);
}

void TensorMemory::release_unused_locked() {
    for (auto piece = free_.begin(); piece != free_.end();) {
        const auto region = piece->second.region;
        if (piece->second.size != region_sizes_[region]) {
            ++piece;
            continue;
        }
        piece = remove_free(piece);
        regions_[region].reset();
        reserved_ -= std::exchange(region_sizes_[region], 0);
    }
}

void TensorMemory::release_unused() {
    const std::lock_guard lock(mutex_);
    release_unused_locked();
}

void TensorMemory::copy_data(void* to, const void* from, std::size_t n) const {
    default_copy_data(to, from, n);
}

std::size_t TensorMemory::reserved() const {
    const std::lock_guard lock(mutex_);
    return reserved_;
}

std::size_t TensorMemory::in_use() const {
    const std::lock_guard lock(mutex_);
    return in_use_;
}

TensorMemory& TensorMemory::install() {
    // never destroyed: tensors may live until the end of the process
    static auto* const memory = [] {
        auto* result = new TensorMemory();
        c10::SetCPUAllocator(result, /*priority=*/1);
        return result;
    }();
    return *memory;
}

} // namespace metatensor_lammps
