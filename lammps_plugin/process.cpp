// SPDX-License-Identifier: BSD-3-Clause
#include "process.hpp"

#include "kokkos/initialise.hpp"
#include "own_blas.hpp"
#include "tensor_memory.hpp"

#include <cstdlib>
#include <cstring>

namespace metatensor_lammps {

namespace {

/// Whether the user wants torch to be left as it is in some respect: VARIABLE=system.
bool left_to_system(const char* variable) {
    const char* choice = std::getenv(variable);
    return choice != nullptr && std::strcmp(choice, "system") == 0;
}

} // namespace

void initialise_process() {
    static const bool once = [] {
        if (!left_to_system("METATENSOR_LAMMPS_MEMORY")) TensorMemory::install();
        if (!left_to_system("METATENSOR_LAMMPS_BLAS")) use_own_blas();
        metatensor_kokkos::initialise_kokkos();
        return true;
    }();
    static_cast<void>(once);
}

} // namespace metatensor_lammps
