// SPDX-License-Identifier: BSD-3-Clause
#include "process.hpp"

#include "tensor_memory.hpp"

#include <Kokkos_Core.hpp>

#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace metatensor_lammps {

namespace {

// METATENSOR_LAMMPS_MEMORY=system leaves torch's allocator as it is.
void keep_tensor_memory() {
    const char* choice = std::getenv("METATENSOR_LAMMPS_MEMORY");
    if (choice == nullptr || std::strcmp(choice, "system") != 0) TensorMemory::install();
}

// Kokkos is not finalised: nothing needs it, and pair styles may be destroyed later than anything that could.
void initialise_kokkos() {
    if (Kokkos::is_initialized()) return;
    if (Kokkos::is_finalized()) {
        throw std::runtime_error("Kokkos was finalised before and can not be started again in this process");
    }
    Kokkos::initialize(Kokkos::InitializationSettings().set_disable_warnings(true));
}

} // namespace

void initialise_process() {
    static const bool once = [] {
        keep_tensor_memory();
        initialise_kokkos();
        return true;
    }();
    static_cast<void>(once);
}

} // namespace metatensor_lammps
