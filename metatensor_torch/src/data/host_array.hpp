// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

/// Memory of the host for use inside of functions and for indices
namespace metatensor_torch::details {

/// Memory for `n_bytes` with any content, which std::free() takes back. Where there are many of them, huge
/// pages are asked for: the system takes longer to provide small pages than it takes to fill them.
void* allocate(size_t n_bytes);

/// Asks the system for huge pages where they fit into the memory at `start`.
void prefer_huge_pages(const void* start, size_t n_bytes);

struct Free {
    void operator()(void* memory) const;
};

/// Array of plain values
template <typename T>
using HostArray = std::unique_ptr<T[], Free>;

/// Array that is not set to zero first, as a std::vector would be
template <typename T>
HostArray<T> make_array(int64_t count) {
    static_assert(std::is_trivially_copyable_v<T>);
    return HostArray<T>(static_cast<T*>(allocate(static_cast<size_t>(count) * sizeof(T))));
}

} // namespace metatensor_torch::details
