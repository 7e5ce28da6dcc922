// SPDX-License-Identifier: BSD-3-Clause
#include "pair_sums.hpp"

#include "data/derivatives.hpp"

namespace metatomic_torch::detail {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

torch::Tensor column(const torch::Tensor& samples, int64_t index) {
    return samples.select(1, index).to(torch::kInt64, /*non_blocking=*/false, /*copy=*/false,
                                       torch::MemoryFormat::Contiguous);
}

/// One pass over the pairs in their order, so that the result is the same in every run.
template <typename T>
void add_pairs(torch::TensorAccessor<const T, 2> pairs, torch::TensorAccessor<const int32_t, 2> samples,
               int64_t n_atoms, T* atoms) {
    for (int64_t pair = 0; pair < pairs.size(0); ++pair) {
        const auto first = samples[pair][0];
        const auto second = samples[pair][1];
        TORCH_CHECK_INDEX(first >= 0 && first < n_atoms && second >= 0 && second < n_atoms, "pair ", pair,
                          " of the neighbor list, between atoms ", first, " and ", second,
                          ", is out of bounds: the system has ", n_atoms, " atoms");
        for (int64_t xyz = 0; xyz < 3; ++xyz) {
            const auto value = pairs[pair][xyz];
            atoms[3 * second + xyz] += value;
            atoms[3 * first + xyz] -= value;
        }
    }
}

torch::Tensor sum_on_cpu(const torch::Tensor& pairs, const torch::Tensor& samples, int64_t n_atoms) {
    auto atoms = torch::zeros({n_atoms, 3}, pairs.options());
    AT_DISPATCH_FLOATING_TYPES(pairs.scalar_type(), "sum_pairs_on_atoms", [&] {
        add_pairs<scalar_t>(pairs.accessor<const scalar_t, 2>(), samples.accessor<const int32_t, 2>(),
                            n_atoms, atoms.mutable_data_ptr<scalar_t>());
    });
    return atoms;
}

/// Sum of the CPU kernel; its transpose takes the difference between the two atoms of each pair.
struct SumPairsOnAtoms : torch::autograd::Function<SumPairsOnAtoms> {
    static torch::Tensor forward(AutogradContext* ctx, const torch::Tensor& pairs,
                                 const torch::Tensor& samples, int64_t n_atoms) {
        ctx->save_for_backward({samples});
        return sum_on_cpu(pairs, samples, n_atoms);
    }

    static variable_list backward(AutogradContext* ctx, variable_list gradients) {
        const auto samples = ctx->get_saved_variables()[0];
        const auto& atoms = gradients[0];
        return {atoms.index_select(0, column(samples, 1)) - atoms.index_select(0, column(samples, 0)),
                torch::Tensor(), torch::Tensor()};
    }
};

bool has_cpu_kernel(const torch::Tensor& pairs) {
    const auto dtype = pairs.scalar_type();
    const auto is_plain = pairs.has_storage(); // others wrap tensors, as vmap does
    return is_plain && pairs.is_cpu() && !metatensor_torch::details::has_tangent(pairs) &&
           (dtype == torch::kFloat32 || dtype == torch::kFloat64);
}

} // namespace

// Measured with 344,000 pairs of 4,000 atoms, float64, one thread: see benchmarks; ATen's index_add is the
// slower one.
torch::Tensor sum_pairs_on_atoms(const torch::Tensor& pairs, const torch::Tensor& samples, int64_t n_atoms) {
    if (!has_cpu_kernel(pairs)) return sum_pairs_on_atoms_aten(pairs, samples, n_atoms);
    if (torch::GradMode::is_enabled() && pairs.requires_grad()) {
        return SumPairsOnAtoms::apply(pairs, samples, n_atoms);
    }
    return sum_on_cpu(pairs, samples, n_atoms);
}

torch::Tensor sum_pairs_on_atoms_aten(const torch::Tensor& pairs, const torch::Tensor& samples,
                                      int64_t n_atoms) {
    auto atoms = torch::zeros({n_atoms, 3}, pairs.options());
    atoms = atoms.index_add(0, column(samples, 1), pairs);
    return atoms.index_add(0, column(samples, 0), pairs, -1);
}

} // namespace metatomic_torch::detail
