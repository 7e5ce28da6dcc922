// SPDX-License-Identifier: BSD-3-Clause
#include "check.hpp"
#include "metatensor/torch/operations/linear_algebra.hpp"
#include "operations/detail/equations.hpp"

namespace metatensor_torch {

namespace {

void check_square(const details::BlockData& block) {
    const auto shape = block.values.sizes();
    TORCH_CHECK_VALUE(shape.size() == 2 && shape[0] == shape[1],
                      "the values of each block of `X` given to 'solve' must be a square matrix, got shape ",
                      shape_text(shape));
    for (const auto& [parameter, gradient] : block.gradients) {
        TORCH_CHECK_VALUE(gradient->values.numel() == 0,
                          "`X` of 'solve' must not have gradients, which are "
                          "more equations than unknowns (use 'lstsq'), got those with respect to '",
                          parameter, "'");
    }
}

} // namespace

TensorMap solve(const TensorMap& X, const TensorMap& Y) {
    return details::solutions("solve", X, Y, [](const details::BlockData& x, const details::BlockData& y) {
        check_square(x);
        return at::linalg_solve(x.values, y.values);
    });
}

} // namespace metatensor_torch
