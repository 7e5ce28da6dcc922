// SPDX-License-Identifier: BSD-3-Clause
#include "check.hpp"
#include "data/labels_data.hpp"
#include "metatensor/torch/operations/linear_algebra.hpp"
#include "operations/detail/equations.hpp"

namespace metatensor_torch {

namespace {

using details::Equations;

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

/// What LAPACK says of each system: not 0 for a singular matrix
struct States {
    std::vector<torch::Tensor> states;
    std::vector<int64_t> keys;
};

/// LinAlgError if a matrix is singular. On a GPU this waits for the solutions, once for all systems.
void check_states(const States& solved, const Labels& keys) {
    if (solved.states.empty() || !details::has_data(solved.states[0])) {
        return;
    }
    const auto states = at::cat(solved.states).to(torch::kCPU);
    for (size_t i = 0; i < solved.keys.size(); ++i) {
        TORCH_CHECK_LINALG(states.const_data_ptr<int32_t>()[i] == 0,
                           "'solve' can not solve a singular matrix, got the values of `X` for the key ",
                           LabelsEntryHolder(keys, solved.keys[i]).print());
    }
}

} // namespace

TensorMap solve(const TensorMap& X, const TensorMap& Y) {
    States solved;
    auto result = details::solutions(
        "solve", X, Y,
        [](const details::BlockData& x, const details::BlockData& y) {
            check_square(x);
            return Equations{x.values, y.values};
        },
        [&](const Equations& systems, const std::vector<int64_t>& keys) {
            auto [solution, state] = at::linalg_solve_ex(systems.a, systems.b);
            solved.states.push_back(state.flatten());
            solved.keys.insert(solved.keys.end(), keys.begin(), keys.end());
            return solution;
        });
    check_states(solved, X->keys());
    return result;
}

} // namespace metatensor_torch
