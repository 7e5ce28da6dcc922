// SPDX-License-Identifier: BSD-3-Clause
#include "process.hpp"

#include "own_blas.hpp"
#include "tensor_memory.hpp"

#include <Kokkos_Core.hpp>

#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace metatensor_lammps {

namespace {

/// Whether the user wants torch to be left as it is in some respect: VARIABLE=system.
bool left_to_system(const char* variable) {
    const char* choice = std::getenv(variable);
    return choice != nullptr && std::strcmp(choice, "system") == 0;
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
        if (!left_to_system("METATENSOR_LAMMPS_MEMORY")) TensorMemory::install();
        if (!left_to_system("METATENSOR_LAMMPS_BLAS")) use_own_blas();
        initialise_kokkos();
        return true;
    }();
    static_cast<void>(once);
}

} // namespace metatensor_lammps
