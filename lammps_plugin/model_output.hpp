// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <metatensor/torch.hpp>

#include <cstdint>
#include <string>

namespace metatensor_lammps {

/// The energy `[1]` of the one system in the output `name` of a model.
/// @throws std::runtime_error when the output has another layout, with what was expected.
torch::Tensor read_total_energy(const metatensor_torch::TensorMap& output, const std::string& name);

/// The energies `[n_atoms]` of the first `n_atoms` atoms, in their order, whatever the order of samples in
/// the output.
/// @throws std::runtime_error when the output has another layout, or an atom is missing, unknown or there
/// twice.
torch::Tensor read_atom_energies(const metatensor_torch::TensorMap& output, const std::string& name,
                                 std::int64_t n_atoms);

} // namespace metatensor_lammps
