// SPDX-License-Identifier: BSD-3-Clause
#include "data/empty_on_host.hpp"

#include <sys/mman.h>

#include <ATen/EmptyTensor.h>

namespace metatensor_torch::details {

namespace {

constexpr uintptr_t HUGE_PAGE = uintptr_t{1} << 21;
/// Smaller tensors may get memory that was used before and costs nothing
constexpr size_t LARGE = size_t{1} << 22;

} // namespace

torch::Tensor empty_on_host(c10::IntArrayRef sizes, torch::ScalarType dtype) {
    torch::Tensor tensor = at::detail::empty_cpu(sizes, dtype);
    prefer_huge_pages(tensor);
    return tensor;
}

void prefer_huge_pages(const torch::Tensor& tensor) {
#ifdef MADV_HUGEPAGE
    if (tensor.nbytes() < LARGE) {
        return;
    }
    const auto start = reinterpret_cast<uintptr_t>(tensor.const_data_ptr());
    const auto first = (start + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    const auto last = (start + tensor.nbytes()) / HUGE_PAGE * HUGE_PAGE;
    if (first < last) {
        // only advice: without huge pages all goes on as before
        ::madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
    }
#else
    (void)tensor;
#endif
}

} // namespace metatensor_torch::details
