// SPDX-License-Identifier: BSD-3-Clause

// A TorchScript extension with one operator, for extension_model.py.

#include <torch/library.h>

namespace {

at::Tensor twice(const at::Tensor& tensor) { return tensor.mul(2.0); }

} // namespace

TORCH_LIBRARY(test_extension, library) { library.def("twice", &twice); }
