// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include <torch/script.h>

#include <metatensor/torch/exports.h>
#include <metatensor/torch/serialization.hpp>

namespace metatensor_torch {

/// Version of the metatensor-torch interface that this library implements, "0.10.z"
METATENSOR_TORCH_EXPORT std::string version();

/// Name of the type `dtype` as Python prints it: `torch.float32`. In scripted code, where types are numbers,
/// too.
METATENSOR_TORCH_EXPORT std::string dtype_name(torch::ScalarType dtype);

} // namespace metatensor_torch
