// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <lammps/pointers.h>

namespace metatensor_lammps {

/// Widens the halo of ghosts of a LAMMPS beyond what `comm_modify cutoff` says, for as long as somebody needs
/// it so: several styles may, each with a `GhostCutoff` of its own.
class GhostCutoff : protected LAMMPS_NS::Pointers {
  public:
    explicit GhostCutoff(LAMMPS_NS::LAMMPS* lammps) : Pointers(lammps) {}
    ~GhostCutoff() override { release(); }

    /// Asks for ghosts up to at least `distance`, in place of what this one asked for before.
    void request(double distance);
    /// Asks for nothing any more.
    void release();
};

} // namespace metatensor_lammps
