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
#include "metatomic/torch/system.hpp"

namespace metatomic_torch {

/// Version of the metatomic-torch interface that this library implements, "0.1.z".
METATOMIC_TORCH_EXPORT std::string version();

/// The first device of the model that is there, or the requested one.
///
/// @param model_devices names in the model's order of preference ("cpu", "cuda", "mps", ...)
/// @param requested_device a name, optionally with an index ("cuda:1")
/// @throws c10::Error if there is none, the requested one is not there, or the model does not support it
METATOMIC_TORCH_EXPORT torch::DeviceType
pick_device(std::vector<std::string> model_devices,
            const std::optional<std::string>& requested_device = std::nullopt);

/// Name of the output that answers a request: `requested_output/desired_variant` if a variant is asked for,
/// else `requested_output` itself.
///
/// @throws ValueError if there is none, or several variants to choose from (they are listed with their
/// descriptions)
METATOMIC_TORCH_EXPORT std::string
pick_output(const std::string& requested_output, const c10::Dict<std::string, ModelOutput>& outputs,
            const std::optional<std::string>& desired_variant = std::nullopt);

/// Writes a system with its neighbor lists and data to a file, whose name ends with `.mta`. Gradients and the
/// device are not stored.
///
/// @throws c10::Error if the name ends otherwise, or the file can not be written
METATOMIC_TORCH_EXPORT void save(const std::string& path, const System& system);

/// The system in a `.mta` file, on CPU.
///
/// @throws c10::Error if the file is not there, or is not one that `save` writes
METATOMIC_TORCH_EXPORT System load_system(const std::string& path);

/// The same on another device, or with the file mapped into memory, as `options` say.
METATOMIC_TORCH_EXPORT System load_system(const std::string& path,
                                          const metatensor_torch::LoadOptions& options);

/// The content of a `.mta` file, uint8 [n_bytes], on CPU.
METATOMIC_TORCH_EXPORT torch::Tensor save_buffer(const System& system);

/// The system in the content of a `.mta` file.
///
/// @throws c10::Error if this is not what `save` writes
METATOMIC_TORCH_EXPORT System load_system_buffer(const uint8_t* data, size_t size);

/// The system in the content of a `.mta` file.
///
/// @throws c10::Error if this is not what `save` writes
METATOMIC_TORCH_EXPORT System load_system_buffer(const std::vector<uint8_t>& data);

/// The system in the content of a `.mta` file, uint8 [n_bytes].
///
/// @throws c10::Error if this is not what `save` writes
METATOMIC_TORCH_EXPORT System load_system_buffer(const torch::Tensor& data);

} // namespace metatomic_torch
