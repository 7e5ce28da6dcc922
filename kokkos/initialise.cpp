// SPDX-License-Identifier: BSD-3-Clause
#include "initialise.hpp"

#include <Kokkos_Core.hpp>

#include <stdexcept>

namespace metatensor_kokkos {

void initialise_kokkos() {
    if (Kokkos::is_initialized()) return;
    if (Kokkos::is_finalized()) {
        throw std::runtime_error("Kokkos was finalised before and can not be started again in this process");
    }
    Kokkos::initialize(Kokkos::InitializationSettings().set_disable_warnings(true));
}

void finalise_kokkos() { Kokkos::finalize(); }

} // namespace metatensor_kokkos
