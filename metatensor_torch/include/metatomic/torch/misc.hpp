// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <torch/script.h>

#include "metatomic/torch/exports.h"
#include "metatomic/torch/model.hpp"

namespace metatomic_torch {

/// Version of the metatomic-torch interface that this library implements, "0.1.z".
METATOMIC_TORCH_EXPORT std::string version();

/// The first device of the model that is there, or the requested one.
///
/// @param model_devices names in the model's order of preference ("cpu", "cuda", "mps", ...)
/// @param requested_device a name, optionally with an index ("cuda:1")
/// @throws ValueError if there is none, the requested one is not there, or the model does not support it
METATOMIC_TORCH_EXPORT torch::DeviceType
pick_device(std::vector<std::string> model_devices,
            const std::optional<std::string>& requested_device = std::nullopt);

/// Name of the output that answers a request: `requested_output/desired_variant` if a variant is asked for,
/// else `requested_output` itself, else its only variant.
///
/// @throws ValueError if there is none, or several variants to choose from (they are listed with their
/// descriptions)
METATOMIC_TORCH_EXPORT std::string
pick_output(const std::string& requested_output, const c10::Dict<std::string, ModelOutput>& outputs,
            const std::optional<std::string>& desired_variant = std::nullopt);

} // namespace metatomic_torch
