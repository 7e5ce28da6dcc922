// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace metatensor_kokkos {

/// Starts Kokkos, unless it runs already.
///
/// Engines need not finalise it, as no part of it does, and Views may live longer than anything that could.
/// @throws std::runtime_error when it was finalised before, as it can not start again in the same process.
void initialise_kokkos();

/// Ends Kokkos, for programs that know that no View is left.
void finalise_kokkos();

} // namespace metatensor_kokkos
