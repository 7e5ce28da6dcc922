// SPDX-License-Identifier: BSD-3-Clause
#include "check.hpp"
#include "data/derivatives.hpp"
#include "metatomic/torch/system.hpp"
#include "neighbors_layout.hpp"
#include "pair_sums.hpp"
#include "pair_vectors.hpp"

namespace metatomic_torch {

using metatensor_torch::TensorBlock;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

torch::Tensor NeighborsAutograd::forward(AutogradContext* ctx, const torch::Tensor& positions,
                                         const torch::Tensor& /*cell*/, const torch::Tensor& vectors,
                                         const torch::Tensor& samples) {
    // not a saved variable, which the first backward frees: a list serves several evaluations of a model
    ctx->saved_data["samples"] = samples;
    ctx->saved_data["n_atoms"] = positions.size(0);
    return vectors;
}

variable_list NeighborsAutograd::backward(AutogradContext* ctx, variable_list vectors_gradients) {
    // r_ij = r_j - r_i + S @ H; rows of H are the cell vectors
    const auto samples = ctx->saved_data["samples"].toTensor();
    const auto gradient = vectors_gradients[0].squeeze(-1);

    torch::Tensor positions_gradient;
    if (ctx->needs_input_grad(0)) {
        positions_gradient =
            detail::sum_pairs_on_atoms(gradient, samples, ctx->saved_data["n_atoms"].toInt());
    }
    torch::Tensor cell_gradient;
    if (ctx->needs_input_grad(1)) {
        const auto shifts = samples.slice(1, 2, 5).to(gradient.scalar_type());
        cell_gradient = shifts.transpose(0, 1).matmul(gradient);
    }
    return {positions_gradient, cell_gradient, torch::Tensor(), torch::Tensor()};
}

void register_autograd_neighbors(const System& system, const TensorBlock& neighbors, bool check_consistency) {
    const auto& vectors = neighbors->values();
    const auto& samples = neighbors->samples()->values();
    TORCH_CHECK_VALUE(
        !vectors.requires_grad(),
        "the neighbor list is a part of a computational graph already: detach it before calling ",
        "`register_autograd_neighbors`");
    detail::check_neighbors_layout(neighbors);
    metatensor_torch::check_dtype("the values of `neighbors`", vectors, system->scalar_type());
    metatensor_torch::check_device("the values of `neighbors`", vectors, system->device());
    if (check_consistency) detail::check_pair_vectors(*system, vectors.squeeze(-1), samples);
    TORCH_CHECK_NOT_IMPLEMENTED(!metatensor_torch::details::has_tangent(system->positions()) &&
                                    !metatensor_torch::details::has_tangent(system->cell()),
                                "`register_autograd_neighbors` has no forward-mode differentiation with "
                                "respect to positions and cell");
    if (!system->positions().requires_grad() && !system->cell().requires_grad()) return;

    // the function makes a new tensor; the one of the block takes its place in the graph
    const auto result =
        NeighborsAutograd::apply(system->positions(), system->cell(), vectors.detach(), samples);
    if (!result.requires_grad()) return; // under no_grad
    torch::autograd::impl::set_gradient_edge(vectors, torch::autograd::impl::gradient_edge(result));
}

} // namespace metatomic_torch
