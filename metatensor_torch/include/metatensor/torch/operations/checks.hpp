// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <metatensor/torch/exports.h>

namespace metatensor_torch {

/// Whether operations check that the labels of their arguments fit together.
///
/// They do, unless `unsafe_disable_checks` was called or the environment variable
/// METATENSOR_UNSAFE_DISABLE_CHECKS is set to anything but "", "0", "off", "false" or "no" when the library
/// is loaded.
METATENSOR_TORCH_EXPORT bool checks_enabled();

/// From now on, in all threads, operations trust the labels of their arguments. Sizes are still checked, but
/// maps whose labels differ give wrong results instead of an error.
METATENSOR_TORCH_EXPORT void unsafe_disable_checks();

/// From now on, in all threads, operations check the labels of their arguments.
METATENSOR_TORCH_EXPORT void unsafe_enable_checks();

} // namespace metatensor_torch
