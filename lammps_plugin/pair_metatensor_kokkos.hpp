// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <lammps/pair.h>

namespace metatensor_lammps {

/// `pair_style metatensor/kk`, on the host if `on_host`, else on Kokkos's default execution space. Stops
/// LAMMPS when it runs without Kokkos, or with another copy of Kokkos than the plugin.
LAMMPS_NS::Pair* create_kokkos_pair(LAMMPS_NS::LAMMPS* lammps, bool on_host);

} // namespace metatensor_lammps
