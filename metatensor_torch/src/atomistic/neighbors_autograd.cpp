// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>

#include "check.hpp"
#include "metatomic/torch/system.hpp"
#include "neighbors_layout.hpp"
#include "pair_sums.hpp"

namespace metatomic_torch {

using metatensor_torch::TensorBlock;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

torch::Tensor NeighborsAutograd::forward(AutogradContext* ctx, const torch::Tensor& positions,
                                         const torch::Tensor& /*cell*/, const torch::Tensor& vectors,
                                         const torch::Tensor& samples) {
    ctx->save_for_backward({samples});
    ctx->saved_data["n_atoms"] = positions.size(0);
    return vectors;
}

variable_list NeighborsAutograd::backward(AutogradContext* ctx, variable_list vectors_gradients) {
    // r_ij = r_j - r_i + S @ H; rows of H are the cell vectors
    const auto samples = ctx->get_saved_variables()[0];
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

namespace {

/// Checks that atoms are those of the system and that each vector is r_j - r_i + S @ H.
void check_vectors(const SystemHolder& system, const torch::Tensor& vectors, const torch::Tensor& samples) {
    if (samples.size(0) == 0) return;
    const auto atoms = samples.slice(1, 0, 2);
    const auto out_of_range = atoms.lt(0).logical_or(atoms.ge(system.size())).any(1);
    if (out_of_range.any().item<bool>()) {
        const auto pair = out_of_range.to(torch::kInt32).argmax().item<int64_t>();
        const auto row = samples[pair].to(torch::kCPU);
        C10_THROW_ERROR(ValueError,
                        c10::str("pair ", pair, " of the neighbor list, between atoms ", row[0].item<int>(),
                                 " and ", row[1].item<int>(), ", is out of bounds: this system has ",
                                 system.size(), " atoms"));
    }

    torch::NoGradGuard no_grad;
    const auto positions = system.positions();
    const auto first = samples.select(1, 0).to(torch::kInt64);
    const auto second = samples.select(1, 1).to(torch::kInt64);
    const auto shifts = samples.slice(1, 2, 5).to(positions.scalar_type());
    const auto expected =
        positions.index_select(0, second) - positions.index_select(0, first) + shifts.matmul(system.cell());
    const auto deviations = torch::norm(expected - vectors.squeeze(-1), 2, {1});
    const auto largest = deviations.argmax().item<int64_t>();
    const auto deviation = deviations[largest].item<double>();
    const auto tolerance = system.scalar_type() == torch::kFloat64 ? 1e-6 : 1e-4;
    if (deviation <= tolerance) return;

    const auto text = [](const torch::Tensor& tensor) {
        const auto values = tensor.reshape(-1).to(torch::kCPU, torch::kFloat64);
        return c10::str("[",
                        c10::Join(", ", c10::ArrayRef<double>(values.const_data_ptr<double>(),
                                                              static_cast<size_t>(values.numel()))),
                        "]");
    };
    const auto row = samples[largest].to(torch::kCPU);
    C10_THROW_ERROR(
        ValueError,
        c10::str("the neighbor list does not agree with positions and cell: the vector between atoms ",
                 row[0].item<int>(), " and ", row[1].item<int>(), " with cell shift ",
                 text(row.slice(0, 2, 5)), " should be ", text(expected[largest]), ", got ",
                 text(vectors[largest]), " (norm of the difference: ", deviation, ")"));
}

} // namespace

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
    if (check_consistency) check_vectors(*system, vectors, samples);
    if (!system->positions().requires_grad() && !system->cell().requires_grad()) return;

    // the function makes a new tensor; the one of the block takes its place in the graph
    const auto result =
        NeighborsAutograd::apply(system->positions(), system->cell(), vectors.detach(), samples);
    if (!result.requires_grad()) return; // under no_grad
    torch::autograd::impl::set_gradient_edge(vectors, torch::autograd::impl::gradient_edge(result));
}

} // namespace metatomic_torch
