// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "metatomic/torch/system.hpp"

namespace metatomic_torch::detail {

/// The vectors r_ij = r_j - r_i + S @ H of pairs [n_pairs, 3], without a graph; rows of H are the cell
/// vectors.
///
/// @param samples [n_pairs, 5], int32: first atom i, second atom j, cell shift S
torch::Tensor pair_vectors(const SystemData& system, const torch::Tensor& samples);

/// Checks that atoms of pairs are those of the system, and that each vector is the one that positions, cell
/// and shift give: to 1e-6 in float64, 1e-4 in other types, and in any type to the rounding errors of the
/// positions.
///
/// @param vectors [n_pairs, 3]
/// @param samples [n_pairs, 5], int32: first atom, second atom, cell shift
/// @throws ValueError with the pair that is farthest off
void check_pair_vectors(const SystemData& system, const torch::Tensor& vectors, const torch::Tensor& samples);

/// The pair whose vector is farthest from what it should be, and how far.
struct Deviation {
    int64_t pair;
    double distance;
};

/// What `check_pair_vectors` looks for, in a loop over pairs on the CPU, for float32 and float64.
Deviation largest_deviation(const SystemData& system, const torch::Tensor& vectors,
                            const torch::Tensor& samples);

/// The same through ATen: for other devices and types, and the reference for the loop.
Deviation largest_deviation_aten(const SystemData& system, const torch::Tensor& vectors,
                                 const torch::Tensor& samples);

} // namespace metatomic_torch::detail
