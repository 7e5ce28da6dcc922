// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "array.hpp"

#include <torch/script.h>

namespace metatensor_kokkos {

/// The torch dtype with the same elements.
torch::ScalarType scalar_type_of(Element element);

/// The memory of `array` as a tensor, without a copy. The tensor keeps `array.owner` alive; if that is empty,
/// the memory is borrowed and must outlive the tensor.
torch::Tensor tensor_of(const Array& array);

/// Borrows the memory of a tensor (at most 3 axes): the tensor must outlive every use of the result.
/// @throws c10::ValueError for another dtype than int32, int64, float32 and float64, or more axes.
Array borrow(const torch::Tensor& tensor);

/// Like `borrow`, and the result keeps the storage of the tensor alive.
Array share(const torch::Tensor& tensor);

} // namespace metatensor_kokkos
