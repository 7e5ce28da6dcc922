// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <torch/script.h>

namespace metatomic_torch::detail {

/// For each atom the sum over the pairs where it is second minus that over the pairs where it is first:
/// [n_atoms, 3].
///
/// Differentiable as often as needed: it is the transpose of taking differences between atoms.
///
/// @param pairs [n_pairs, 3], floating point
/// @param samples [n_pairs, 2 or more], int32: first atom, second atom, ...; not differentiable
torch::Tensor sum_pairs_on_atoms(const torch::Tensor& pairs, const torch::Tensor& samples, int64_t n_atoms);

/// The same through ATen: for devices other than the CPU, and the reference for the CPU kernel.
torch::Tensor sum_pairs_on_atoms_aten(const torch::Tensor& pairs, const torch::Tensor& samples,
                                      int64_t n_atoms);

} // namespace metatomic_torch::detail
