// SPDX-License-Identifier: BSD-3-Clause
#include "pair_vectors.hpp"

#include <cmath>
#include <limits>

#include "check.hpp"

namespace metatomic_torch::detail {
namespace {

[[noreturn]] void throw_out_of_bounds(int64_t pair, int64_t first, int64_t second, int64_t n_atoms) {
    C10_THROW_ERROR(ValueError,
                    c10::str("pair ", pair, " of the neighbor list, between atoms ", first, " and ", second,
                             ", is out of bounds: this system has ", n_atoms, " atoms"));
}

void check_bounds_aten(const SystemData& system, const torch::Tensor& samples) {
    const auto atoms = samples.slice(1, 0, 2);
    const auto out_of_bounds = atoms.lt(0).logical_or(atoms.ge(system.size())).any(1);
    if (!out_of_bounds.any().item<bool>()) return;
    const auto pair = out_of_bounds.to(torch::kInt32).argmax().item<int64_t>();
    const auto row = samples[pair].to(torch::kCPU);
    throw_out_of_bounds(pair, row[0].item<int>(), row[1].item<int>(), system.size());
}

template <typename T>
Deviation largest_deviation_of(const SystemData& system, const torch::Tensor& vectors,
                               const torch::Tensor& samples) {
    const auto n_atoms = system.size();
    // named, as the pointers need them
    const auto all_positions = system.positions().detach().contiguous();
    const auto all_cell_vectors = system.cell().detach().contiguous();
    const auto all_vectors = vectors.contiguous();
    const auto all_samples = samples.contiguous();
    const auto* positions = all_positions.const_data_ptr<T>();
    const auto* cell = all_cell_vectors.const_data_ptr<T>();
    const auto* vector = all_vectors.const_data_ptr<T>();
    const auto* row = all_samples.const_data_ptr<int32_t>();

    int64_t worst = 0;
    T worst_square = -1;
    for (int64_t pair = 0; pair < vectors.size(0); ++pair, vector += 3, row += 5) {
        const int64_t i = row[0];
        const int64_t j = row[1];
        if (i < 0 || i >= n_atoms || j < 0 || j >= n_atoms) throw_out_of_bounds(pair, i, j, n_atoms);
        T square = 0;
        for (int64_t x = 0; x < 3; ++x) {
            const auto shift = T(row[2]) * cell[x] + T(row[3]) * cell[3 + x] + T(row[4]) * cell[6 + x];
            const auto difference = positions[3 * j + x] - positions[3 * i + x] + shift - vector[x];
            square += difference * difference;
        }
        if (square <= worst_square) continue;
        worst = pair;
        worst_square = square;
        if (std::isnan(square)) break; // nothing is farther off
    }
    return {worst, std::sqrt(static_cast<double>(worst_square))};
}

std::string text(const torch::Tensor& tensor) {
    const auto values = tensor.reshape(-1).to(torch::kCPU, torch::kFloat64);
    const auto numbers =
        c10::ArrayRef<double>(values.const_data_ptr<double>(), static_cast<size_t>(values.numel()));
    return c10::str("[", c10::Join(", ", numbers), "]");
}

/// Positions that the engine rounds, and differences of which are taken, agree only as well as they are
/// stored.
double tolerance_of(const SystemData& system) {
    const auto is_double = system.scalar_type() == torch::kFloat64;
    const auto epsilon =
        is_double ? std::numeric_limits<double>::epsilon() : std::numeric_limits<float>::epsilon();
    const auto largest = torch::cat({system.positions().detach(), system.cell().detach()}).abs().max();
    return (is_double ? 1e-6 : 1e-4) + 4.0 * epsilon * largest.item<double>();
}

} // namespace

torch::Tensor pair_vectors(const SystemData& system, const torch::Tensor& samples) {
    const torch::NoGradGuard no_grad;
    const auto positions = system.positions();
    const auto first = positions.index_select(0, samples.select(1, 0));
    const auto second = positions.index_select(0, samples.select(1, 1));
    return second - first + samples.slice(1, 2, 5).to(positions.scalar_type()).matmul(system.cell());
}

Deviation largest_deviation(const SystemData& system, const torch::Tensor& vectors,
                            const torch::Tensor& samples) {
    const auto dtype = vectors.scalar_type();
    if (!vectors.is_cpu() || (dtype != torch::kFloat32 && dtype != torch::kFloat64)) {
        return largest_deviation_aten(system, vectors, samples);
    }
    return dtype == torch::kFloat32 ? largest_deviation_of<float>(system, vectors, samples)
                                    : largest_deviation_of<double>(system, vectors, samples);
}

Deviation largest_deviation_aten(const SystemData& system, const torch::Tensor& vectors,
                                 const torch::Tensor& samples) {
    check_bounds_aten(system, samples);
    const auto deviations = torch::norm(pair_vectors(system, samples) - vectors, 2, {1});
    const auto pair = deviations.argmax().item<int64_t>();
    return {pair, deviations[pair].item<double>()};
}

void check_pair_vectors(const SystemData& system, const torch::Tensor& vectors,
                        const torch::Tensor& samples) {
    if (samples.size(0) == 0) return;
    const auto [pair, deviation] = largest_deviation(system, vectors.detach(), samples);
    if (deviation <= tolerance_of(system)) return;

    const auto row = samples.slice(0, pair, pair + 1);
    const auto atoms = row.to(torch::kCPU);
    C10_THROW_ERROR(
        ValueError,
        c10::str("the neighbor list does not agree with positions and cell: the vector between atoms ",
                 atoms[0][0].item<int>(), " and ", atoms[0][1].item<int>(), " with cell shift ",
                 text(atoms.slice(1, 2, 5)), " should be ", text(pair_vectors(system, row)), ", got ",
                 text(vectors[pair].detach()), " (norm of the difference: ", deviation, ")"));
}

} // namespace metatomic_torch::detail
