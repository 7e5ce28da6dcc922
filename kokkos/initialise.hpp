// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace metatensor_kokkos {

/// Starts Kokkos, unless it runs already.
///
/// Nothing finalises it: no part of it needs that, and Views may live longer than anything that could.
/// @throws std::runtime_error when it was finalised before, as it can not start again in the same process.
void initialise_kokkos();

} // namespace metatensor_kokkos
