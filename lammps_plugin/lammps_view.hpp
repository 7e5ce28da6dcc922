// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "kokkos/marshaller.hpp"

#include <lammps/neigh_list.h>
#include <lammps/pointers.h>

namespace metatensor_lammps {

/// Reads what a LAMMPS stores, without copies. Pointers into LAMMPS are good until it next moves atoms.
class LammpsView : protected LAMMPS_NS::Pointers {
  public:
    explicit LammpsView(LAMMPS_NS::LAMMPS* lammps) : Pointers(lammps) {}

    metatensor_kokkos::Atoms atoms() const;
    metatensor_kokkos::Box box() const;
    /// `with_ghosts`: the list has rows for ghosts behind those for owned atoms.
    metatensor_kokkos::NeighborRows neighbors(const LAMMPS_NS::NeighList& list, bool with_ghosts) const;
    metatensor_kokkos::Array forces() const;

    std::int64_t n_owned() const;
    std::int64_t n_all() const;
};

} // namespace metatensor_lammps
