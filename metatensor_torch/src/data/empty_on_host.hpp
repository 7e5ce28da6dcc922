// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <torch/script.h>

namespace metatensor_torch::details {

/// New tensor on the host whose elements are to be written. It costs a third of `torch::empty` if it is
/// small, as it is not dispatched; the system provides a large one in huge pages, if it has them.
torch::Tensor empty_on_host(c10::IntArrayRef sizes, torch::ScalarType dtype);

/// Asks the system to provide the memory of a large CPU tensor, which was not written to yet, in huge pages:
/// to provide small ones often takes longer than to write to them.
void prefer_huge_pages(const torch::Tensor& tensor);

} // namespace metatensor_torch::details
