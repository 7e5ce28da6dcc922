// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "metatomic/torch/system.hpp"

namespace metatomic_torch::detail {

/// The samples that quantities of some systems can and must have.
class ExpectedSamples {
  public:
    /// @param selected_atoms [n_selected] with names `system, atom`: the only atoms that the quantities speak
    /// of
    ExpectedSamples(const std::vector<System>& systems,
                    std::optional<metatensor_torch::Labels> selected_atoms);

    /// Checks names and values of samples, in any order:
    ///   system: those with atoms (selected ones) must be there, the others may;
    ///   atom: exactly the (selected) atoms;
    ///   atom_pair: both atoms are in the system, which may have any pairs.
    ///
    /// @throws ValueError with the name of the quantity and the first sample that is wrong
    void check(const std::string& name, const std::string& sample_kind,
               const metatensor_torch::Labels& samples) const;

    /// Checks that atoms of the selection (names `system, atom`) are atoms of the systems.
    ///
    /// @throws ValueError with the first one that is not
    void check_selection(const metatensor_torch::Labels& selection) const;

    /// Checks that samples `sample, system, atom` of gradients with respect to positions speak of atoms of
    /// the system that their sample of the values (whose first column is `system`) belongs to.
    ///
    /// @throws ValueError with the name of the gradients and the first sample that is wrong
    void check_position_gradients(const std::string& name, const metatensor_torch::Labels& samples,
                                  const metatensor_torch::Labels& values_samples) const;

  private:
    torch::Tensor out_of_bounds(const torch::Tensor& systems, const torch::Tensor& atoms) const;
    void check_systems(const std::string& name, const metatensor_torch::Labels& samples) const;
    bool is_all_atoms(const metatensor_torch::Labels& samples) const;
    void check_atoms(const std::string& name, const metatensor_torch::Labels& samples) const;
    void check_pairs(const std::string& name, const metatensor_torch::Labels& samples) const;

    std::vector<int64_t> sizes_;
    std::optional<metatensor_torch::Labels> selected_atoms_;
};

} // namespace metatomic_torch::detail
