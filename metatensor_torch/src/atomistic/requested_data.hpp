// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <string>

#include "metatomic/torch/system.hpp"

namespace metatomic_torch::detail {

/// Data of a system under this (current) name, or else under the deprecated name of the same quantity.
std::optional<metatensor_torch::TensorMap> find_data(const SystemData& system, const std::string& name);

} // namespace metatomic_torch::detail
