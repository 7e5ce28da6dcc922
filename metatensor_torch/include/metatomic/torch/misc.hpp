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

/// The first device of the model that is there, or the requested one after a check.
///
/// @param model_devices names in the model's order of preference ("cpu", "cuda", "mps", ...)
/// @param requested_device a name, optionally with an index ("cuda:1")
/// @throws RuntimeError if there is none, the requested one is not there, or the model does not support it
METATOMIC_TORCH_EXPORT torch::DeviceType
pick_device(std::vector<std::string> model_devices,
            const std::optional<std::string>& requested_device = std::nullopt);

/// Name of the output that answers a request: `requested_output/desired_variant` if a variant is asked for,
/// else `requested_output` itself, or the only variant there is.
///
/// @param requested_output name without variant: a standard quantity or `domain::name`
/// @param outputs what the model offers, by name
/// @param desired_variant the variant to take, None for any
/// @throws ValueError if there is none, or several variants to choose from (they are listed with their
///     descriptions)
METATOMIC_TORCH_EXPORT std::string
pick_output(const std::string& requested_output, const c10::Dict<std::string, ModelOutput>& outputs,
            const std::optional<std::string>& desired_variant = std::nullopt);

/// Writes a system with its neighbor lists and data. Gradients that autograd would compute and the device are
/// not stored.
///
/// @param file name of the file, which ends with `.mta`; it is replaced when all is written
/// @param system what to write
/// @throws RuntimeError if the name ends otherwise, or the file can not be written
METATOMIC_TORCH_EXPORT void save(const std::string& file, const System& system);

/// The system in a file that `save` wrote, on CPU.
///
/// @param file name of the file
/// @throws RuntimeError if the file is not there, or is not one that `save` writes
METATOMIC_TORCH_EXPORT System load_system(const std::string& file);

/// The same on another device, or with the file mapped into memory, as `options` say.
METATOMIC_TORCH_EXPORT System load_system(const std::string& file,
                                          const metatensor_torch::LoadOptions& options);

/// The content of the file that `save` writes for `system`, uint8 [n_bytes], on CPU.
METATOMIC_TORCH_EXPORT torch::Tensor save_buffer(const System& system);

/// The system in the content of a file that `save` wrote, on CPU.
///
/// @param buffer the content, uint8 [n_bytes]
/// @throws RuntimeError if this is not what `save` writes
/// @throws ValueError for a tensor of another type or device
METATOMIC_TORCH_EXPORT System load_system_buffer(const torch::Tensor& buffer);

/// The same for the bytes in `buffer`.
METATOMIC_TORCH_EXPORT System load_system_buffer(const std::vector<uint8_t>& buffer);

/// The same for the `size` bytes at `buffer`.
METATOMIC_TORCH_EXPORT System load_system_buffer(const uint8_t* buffer, size_t size);

} // namespace metatomic_torch
