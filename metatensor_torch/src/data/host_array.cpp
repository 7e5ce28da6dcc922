// SPDX-License-Identifier: BSD-3-Clause
#include "data/host_array.hpp"

#include <cstdlib>
#include <new>

#include <sys/mman.h>

namespace metatensor_torch::details {

namespace {

constexpr size_t HUGE_PAGE = size_t{1} << 21;
/// From here on, whole huge pages are taken; less may be memory that was used before and costs nothing.
constexpr size_t MANY_BYTES = 2 * HUGE_PAGE;

size_t round_up(size_t value) { return (value + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE; }

} // namespace

void* allocate(size_t n_bytes) {
    if (n_bytes < MANY_BYTES) {
        if (void* const memory = std::malloc(n_bytes > 0 ? n_bytes : 1)) {
            return memory;
        }
        throw std::bad_alloc();
    }
    const auto size = round_up(n_bytes);
    void* const memory = size < n_bytes ? nullptr : std::aligned_alloc(HUGE_PAGE, size);
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    prefer_huge_pages(memory, size);
    return memory;
}

void prefer_huge_pages(const void* start, size_t n_bytes) {
#ifdef MADV_HUGEPAGE
    const auto address = reinterpret_cast<uintptr_t>(start);
    const auto first = round_up(address);
    const auto last = (address + n_bytes) / HUGE_PAGE * HUGE_PAGE;
    if (first < last) {
        // only advice: without huge pages all goes on as before
        ::madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
    }
#else
    (void)start;
    (void)n_bytes;
#endif
}

void Free::operator()(void* memory) const { std::free(memory); }

} // namespace metatensor_torch::details
