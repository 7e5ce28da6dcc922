// SPDX-License-Identifier: BSD-3-Clause
#include <metatensor/torch/misc.hpp>

#include <metatensor/torch/version.h>

#include "check.hpp"

namespace metatensor_torch {

std::string version() { return METATENSOR_TORCH_VERSION; }

std::string dtype_name(torch::ScalarType dtype) { return "torch." + dtype_text(dtype); }

} // namespace metatensor_torch
