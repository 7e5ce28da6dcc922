// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "kokkos/marshaller.hpp"

#include <lammps/neigh_list.h>
#include <lammps/pointers.h>

namespace metatensor_lammps {

/// What 'neigh_modify exclude group' says.
struct ExcludedGroups {
    /// Bits of the groups whose atoms have no pair at all, as those with the group "all" are excluded: 'fix
    /// gcmc' does so with an atom that it tries to remove.
    std::int32_t without_pairs = 0;
    /// Number of other exclusions: of some pairs only.
    int n_partial = 0;
};

/// Reads what a LAMMPS stores, without copies. Pointers into LAMMPS are good until it next moves atoms.
///
/// This one finds everything on the host; that of KOKKOS (`KokkosView`) where the package has it.
class LammpsView : protected LAMMPS_NS::Pointers {
  public:
    explicit LammpsView(LAMMPS_NS::LAMMPS* lammps) : Pointers(lammps) {}
    virtual ~LammpsView() = default;

    virtual metatensor_kokkos::Atoms atoms() const;
    metatensor_kokkos::Box box() const;
    /// `with_ghosts`: the list has rows for ghosts behind those for owned atoms.
    virtual metatensor_kokkos::NeighborRows neighbors(LAMMPS_NS::NeighList& list, bool with_ghosts) const;
    /// `[n_all, 3]`.
    virtual metatensor_kokkos::Array forces() const;
    ExcludedGroups excluded_groups() const;

    std::int64_t n_owned() const;
    std::int64_t n_all() const;
};

} // namespace metatensor_lammps
