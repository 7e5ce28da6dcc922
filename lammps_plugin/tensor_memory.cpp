// SPDX-License-Identifier: BSD-3-Clause
#include "tensor_memory.hpp"

#include <c10/core/CPUAllocator.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <memory>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace metatensor_lammps {

struct TensorMemory::Block {
    TensorMemory* owner;
    void* data;
    std::size_t size_class;
    /// Number of blocks that were freed before this one was.
    std::uint64_t freed_at;
};

namespace {

constexpr std::size_t huge_page = std::size_t{1} << 21;
constexpr std::size_t cache_line = 64;

void* allocate_from_system(std::size_t size) {
    const auto alignment = size >= huge_page ? huge_page : cache_line;
    void* data = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
#if defined(__linux__)
    if (data != nullptr && size >= huge_page) madvise(data, size, MADV_HUGEPAGE); // only an advice
#endif
    return data;
}

} // namespace

// Between 2^k and 2^(k+1) the sizes grow by 2^k / 8.
std::size_t TensorMemory::class_of(std::size_t n) {
    n = std::max(n, smallest);
    const auto doublings = static_cast<std::size_t>(std::bit_width(n) - std::bit_width(smallest));
    const auto step = (smallest << doublings) / classes_per_doubling;
    const auto steps = (n - (smallest << doublings) + step - 1) / step;
    return doublings * classes_per_doubling + steps;
}

std::size_t TensorMemory::size_of(std::size_t size_class) {
    const auto base = smallest << (size_class / classes_per_doubling);
    return base + base / classes_per_doubling * (size_class % classes_per_doubling);
}

TensorMemory::TensorMemory() : small_(c10::GetDefaultCPUAllocator()) {}

TensorMemory::~TensorMemory() { release_kept(); }

c10::DataPtr TensorMemory::allocate(std::size_t n) {
    if (n < smallest) return small_->allocate(n);
    const auto size_class = class_of(n);
    TORCH_CHECK_WITH(OutOfMemoryError, size_class < n_classes, "can not allocate ", n, " bytes for a tensor");
    Block* block = nullptr;
    {
        const std::lock_guard lock(mutex_);
        block = take_kept(size_class);
    }
    if (block == nullptr) block = make(size_class);
    {
        const std::lock_guard lock(mutex_);
        in_use_ += size_of(block->size_class);
        most_in_use_ = std::max(most_in_use_, in_use_);
    }
    return {block->data, block, &give_back, c10::Device(c10::DeviceType::CPU)};
}

// A block may be up to a quarter larger than needed: sizes change a little from step to step.
TensorMemory::Block* TensorMemory::take_kept(std::size_t size_class) {
    const auto end = std::min(size_class + 3, n_classes);
    for (auto candidate = size_class; candidate < end; ++candidate) {
        auto& blocks = kept_blocks_[candidate];
        if (blocks.empty()) continue;
        auto* block = blocks.back();
        blocks.pop_back();
        kept_ -= size_of(candidate);
        return block;
    }
    return nullptr;
}

TensorMemory::Block* TensorMemory::make(std::size_t size_class) {
    const auto size = size_of(size_class);
    auto* data = allocate_from_system(size);
    if (data == nullptr) {
        release_kept();
        data = allocate_from_system(size);
    }
    TORCH_CHECK_WITH(OutOfMemoryError, data != nullptr, "can not allocate ", size, " bytes for a tensor");
    return new Block{this, data, size_class, 0};
}

void TensorMemory::give_back(void* pointer) {
    auto* block = static_cast<Block*>(pointer);
    block->owner->keep(block);
}

void TensorMemory::keep(Block* block) {
    const std::lock_guard lock(mutex_);
    block->freed_at = n_freed_++;
    kept_blocks_[block->size_class].push_back(block);
    kept_ += size_of(block->size_class);
    in_use_ -= size_of(block->size_class);
    // sizes do not fit together without gaps: a block must not be freed only because it waits for its turn
    while (kept_ > 2 * most_in_use_)
        free_oldest();
}

void TensorMemory::free_oldest() {
    std::vector<Block*>* oldest = nullptr;
    for (auto& blocks : kept_blocks_) {
        if (blocks.empty()) continue;
        if (oldest == nullptr || blocks.front()->freed_at < oldest->front()->freed_at) oldest = &blocks;
    }
    if (oldest == nullptr) return;
    auto* block = oldest->front();
    oldest->erase(oldest->begin());
    kept_ -= size_of(block->size_class);
    std::free(block->data);
    delete block;
}

void TensorMemory::copy_data(void* to, const void* from, std::size_t n) const {
    default_copy_data(to, from, n);
}

std::size_t TensorMemory::kept() const {
    const std::lock_guard lock(mutex_);
    return kept_;
}

void TensorMemory::release_kept() {
    const std::lock_guard lock(mutex_);
    while (kept_ > 0)
        free_oldest();
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
