// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <string>

#include <metatensor/torch.hpp>

namespace metatomic_torch::detail {

/// The energy [1] of the one system in the output `name` of a model.
///
/// @throws ValueError if the output has another layout, with what was expected
torch::Tensor read_total_energy(const metatensor_torch::TensorMap& output, const std::string& name);

/// The energies of the one system's `n_atoms` atoms in their order, or of the selected ones in the order of
/// the selection, whatever the order of samples in the output `name`: [n_atoms] or [n_selected].
///
/// @throws ValueError if the output has another layout, or an atom is missing, unknown or there twice
torch::Tensor read_atom_energies(const metatensor_torch::TensorMap& output, const std::string& name,
                                 int64_t n_atoms,
                                 const std::optional<metatensor_torch::Labels>& selected_atoms);

} // namespace metatomic_torch::detail
