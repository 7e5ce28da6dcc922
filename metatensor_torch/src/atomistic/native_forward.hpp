// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <torch/script.h>

// The `forward` that stands around a model in a file is TorchScript code that metatomic-torch understands,
// too. Here it is replaced by one that calls the operators of this library, which does the same work far
// faster.
namespace metatomic_torch::detail {

/// A module with the same parts as `model`, a loaded atomistic model of today, and such a `forward`. A module
/// that is no atomistic model, or whose parts have other names, is returned as it is.
torch::jit::Module with_native_forward(const torch::jit::Module& model);

} // namespace metatomic_torch::detail
