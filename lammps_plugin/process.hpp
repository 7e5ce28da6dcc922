// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace metatensor_lammps {

/// Sets up what all pair styles of the process share: torch's memory and BLAS, and Kokkos. Does nothing when
/// called again.
void initialise_process();

} // namespace metatensor_lammps
