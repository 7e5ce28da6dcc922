// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace metatensor_lammps {

/// Makes torch call the BLAS and LAPACK that it was built with.
///
/// Engines often bring another one, slow and simple, under the same names. They are loaded before torch, so
/// the dynamic linker gives their functions to torch as well, and multiplying matrices can take several times
/// as long. This writes the addresses of torch's own functions into its table of calls. Where there is no
/// such table (systems without ELF), and where all is well, it does nothing.
///
/// Call it before other threads use torch.
///
/// @returns the number of functions that were another library's.
int use_own_blas();

} // namespace metatensor_lammps
