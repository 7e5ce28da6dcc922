// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include <torch/script.h>

#include "metatomic/torch/exports.h"

// `TensorMap.keys_to_properties` and `keys_to_samples` took `(keys_to_move, sort_samples)` in models that
// were saved before metatensor-torch 0.10, and take `(keys_to_move, fill_value, sort_samples)` now.
// TorchScript turns the old `True` into the number 1, so that such a model would silently get ones instead of
// zeros where blocks have no values.
namespace metatomic_torch::detail {

/// The code of a TorchScript file with `fill_value` 0 put into calls that lack it; all other code as it is.
///
/// @param code Python code as TorchScript writes it
/// @param only_literals leave calls whose second argument is not `True` or `False`, which may be of something
/// else
METATOMIC_TORCH_EXPORT std::string with_fill_values(const std::string& code, bool only_literals);

/// The content of a TorchScript file with such calls brought up to date: bytes to load instead of the file.
///
/// @param path of a TorchScript file
/// @returns uint8 [n_bytes]; empty if there are no such calls, and the file can be loaded as it is
torch::Tensor with_current_calls(const std::string& path);

/// The TorchScript module in the file, on CPU, with such calls brought up to date.
///
/// @throws c10::Error if TorchScript can not load it
torch::jit::Module load_module(const std::string& path);

} // namespace metatomic_torch::detail
