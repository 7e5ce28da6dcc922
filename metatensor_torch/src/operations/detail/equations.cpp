// SPDX-License-Identifier: BSD-3-Clause
#include "operations/detail/equations.hpp"

#include <map>
#include <tuple>

namespace metatensor_torch::details {

namespace {

/// Numbers of equations, unknowns and vectors
using Sizes = std::tuple<int64_t, int64_t, int64_t>;

std::vector<Equations> all_equations(const char* operation, const TensorMap& X, const Blocks& y_blocks,
                                     const MakeEquations& make_equations) {
    constexpr ComparedLabels EQUATIONS = {.properties = false};
    std::vector<Equations> systems;
    systems.reserve(y_blocks.size());
    for (size_t i = 0; i < y_blocks.size(); ++i) {
        const auto& x = *X->data()[i];
        check_same_labels(operation, x, *y_blocks[i], EQUATIONS);
        check_same_gradients(operation, x, *y_blocks[i], EQUATIONS);
        systems.push_back(make_equations(x, *y_blocks[i]));
    }
    return systems;
}

Equations stack(const std::vector<Equations>& systems, const std::vector<int64_t>& places) {
    std::vector<torch::Tensor> a;
    std::vector<torch::Tensor> b;
    for (const auto place : places) {
        a.push_back(systems[place].a);
        b.push_back(systems[place].b);
    }
    return {at::stack(a), at::stack(b)};
}

/// w^T for each system
std::vector<torch::Tensor> solve_all(const std::vector<Equations>& systems, const Solve& solve) {
    std::map<Sizes, std::vector<int64_t>> same_sizes;
    for (size_t i = 0; i < systems.size(); ++i) {
        const auto& [a, b] = systems[i];
        same_sizes[{a.size(0), a.size(1), b.size(1)}].push_back(static_cast<int64_t>(i));
    }
    std::vector<torch::Tensor> solved(systems.size());
    for (const auto& [sizes, places] : same_sizes) {
        if (places.size() == 1) {
            solved[places[0]] = solve(systems[places[0]], places).t();
            continue;
        }
        const auto all = solve(stack(systems, places), places).transpose(1, 2).unbind(0);
        for (size_t i = 0; i < places.size(); ++i) {
            solved[places[i]] = all[i];
        }
    }
    return solved;
}

} // namespace

TensorMap solutions(const char* operation, const TensorMap& X, const TensorMap& Y,
                    const MakeEquations& make_equations, const Solve& solve) {
    Blocks y_blocks;
    for (const auto place : match_keys(operation, X->keys(), Y->keys())) {
        y_blocks.push_back(Y->data()[place]);
    }
    auto solved = solve_all(all_equations(operation, X, y_blocks, make_equations), solve);
    Blocks blocks;
    blocks.reserve(solved.size());
    for (size_t i = 0; i < solved.size(); ++i) {
        blocks.push_back(std::make_shared<BlockData>(
            BlockData{std::move(solved[i]), y_blocks[i]->properties, {}, X->data()[i]->properties, {}}));
    }
    return make_map(X->keys(), std::move(blocks));
}

} // namespace metatensor_torch::details
