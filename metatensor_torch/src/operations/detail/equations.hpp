// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <functional>
#include <vector>

#include "operations/detail/blocks.hpp"

/// What solve and lstsq share
namespace metatensor_torch::details {

/// Equations a w = b of one block: a [equations, unknowns], b [equations, vectors]
struct Equations {
    torch::Tensor a;
    torch::Tensor b;
};

/// Equations of two blocks with the same samples, components and gradients
using MakeEquations = std::function<Equations(const BlockData& x, const BlockData& y)>;

/// Solutions [..., unknowns, vectors] of several systems of the same sizes, a [..., equations, unknowns] and
/// b [..., equations, vectors]. `keys` has the number of the key of each.
using Solve = std::function<torch::Tensor(const Equations& systems, const std::vector<int64_t>& keys)>;

/// Map of the solutions w of X w^T = Y for each key; NotEqualError, which names `operation`, if keys,
/// samples, components or gradients differ. One call of `solve` has all systems of the same sizes: what torch
/// adds to the work of LAPACK, and to that of a GPU, is spent once.
TensorMap solutions(const char* operation, const TensorMap& X, const TensorMap& Y,
                    const MakeEquations& make_equations, const Solve& solve);

} // namespace metatensor_torch::details
