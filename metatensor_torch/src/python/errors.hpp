// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <pybind11/pybind11.h>

#include "metatensor/torch/operations/errors.hpp"

namespace metatensor_torch::python {

/// From now on `NotEqualError` of C++ arrives as `python_class`, also where torch's binding calls an
/// operator.
void raise_not_equal_error_as(pybind11::object python_class);

/// Sets the Python error for `error`, and throws what says that it is set.
[[noreturn]] void raise(const NotEqualError& error);

} // namespace metatensor_torch::python
