// SPDX-License-Identifier: BSD-3-Clause
#include "tensor_memory.hpp"

#include <c10/core/CPUAllocator.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <new>
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
    std::byte* data = nullptr;
    if (n <= PTRDIFF_MAX - huge_page) {
        const auto size = round_up(n + header_size, page);
        const std::lock_guard lock(mutex_);
        data = take(size);
        if (data == nullptr) {
            release_unused_locked();
            data = take(size);
        }
    }
    TORCH_CHECK_WITH(OutOfMemoryError, data != nullptr, "can not allocate ", n, " bytes for a tensor");
    return {data, data, &give_back, c10::Device(c10::DeviceType::CPU)};
}

std::byte* TensorMemory::take(std::size_t size) {
    auto best = free_by_size_.lower_bound({size, nullptr});
    if (best == free_by_size_.end()) {
        if (!add_region(size)) return nullptr;
        best = free_by_size_.lower_bound({size, nullptr});
    }
    const auto found = free_.find(best->second);
    auto* data = found->first;
    const auto piece = found->second;
    remove_free(found);
    if (piece.size > size) add_free(data + size, {piece.size - size, piece.region});
    in_use_ += size;
    new (data) Header{this, {size, piece.region}};
    return data + header_size;
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
        const auto place = std::find(regions_.begin(), regions_.end(), nullptr) - regions_.begin();
        if (place == std::ssize(regions_)) {
            regions_.emplace_back(nullptr, &std::free);
            region_sizes_.push_back(0);
        }
        add_free(region.get(), {region_size, static_cast<std::size_t>(place)});
        regions_[place] = std::move(region);
        region_sizes_[place] = region_size;
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

void TensorMemory::give_back(void* data) {
    auto* begin = static_cast<std::byte*>(data) - header_size;
    const auto header = *reinterpret_cast<const Header*>(begin);
    const std::lock_guard lock(header.owner->mutex_);
    header.owner->free(begin, header.piece);
}

// Without the DataPtr nothing tells which of the two allocators the memory is from, but its address.
void TensorMemory::give_back_any(void* data) {
    auto& memory = install();
    if (memory.owns(static_cast<const std::byte*>(data))) {
        give_back(data);
    } else {
        memory.small_->raw_deleter()(data);
    }
}

bool TensorMemory::owns(const std::byte* data) const {
    const std::lock_guard lock(mutex_);
    for (std::size_t k = 0; k < regions_.size(); ++k) {
        if (data >= regions_[k].get() && data < regions_[k].get() + region_sizes_[k]) return true;
    }
    return false;
}

c10::DeleterFnPtr TensorMemory::raw_deleter() const {
    return this == c10::GetCPUAllocator() ? &give_back_any : nullptr;
}

void TensorMemory::free(std::byte* data, Piece piece) {
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
