// SPDX-License-Identifier: BSD-3-Clause
#include "data/empty_on_host.hpp"

#include <ATen/EmptyTensor.h>

#include "data/host_array.hpp"

namespace metatensor_torch::details {

namespace {

/// Smaller tensors may get memory that was used before and costs nothing
constexpr size_t LARGE = size_t{1} << 22;

} // namespace

torch::Tensor empty_on_host(c10::IntArrayRef sizes, torch::ScalarType dtype) {
    torch::Tensor tensor = at::detail::empty_cpu(sizes, dtype);
    prefer_huge_pages(tensor);
    return tensor;
}

void prefer_huge_pages(const torch::Tensor& tensor) {
    if (tensor.nbytes() >= LARGE) {
        prefer_huge_pages(tensor.const_data_ptr(), tensor.nbytes());
    }
}

} // namespace metatensor_torch::details
