// SPDX-License-Identifier: BSD-3-Clause
#include "process.hpp"

#include <Kokkos_Core.hpp>

#include <cstdlib>
#include <cstring>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace metatensor_lammps {

namespace {

// glibc hands large blocks back to the system as soon as they are freed, and torch allocates the same large
// temporaries again at the next step: the page faults can cost more than the model. Keep the memory instead.
// METATENSOR_LAMMPS_MALLOC=system leaves the allocator alone.
void keep_freed_memory() {
#if defined(__GLIBC__)
    const char* choice = std::getenv("METATENSOR_LAMMPS_MALLOC");
    if (choice != nullptr && std::strcmp(choice, "system") == 0) return;
    constexpr int one_gibibyte = 1 << 30;
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, one_gibibyte);
    mallopt(M_TOP_PAD, one_gibibyte / 16);
#endif
}

// This copy of Kokkos is the plugin's own. It is not finalised: nothing needs it, and pair styles may be
// destroyed later than anything that could.
void initialise_kokkos() {
    if (Kokkos::is_initialized() || Kokkos::is_finalized()) return;
    Kokkos::initialize(Kokkos::InitializationSettings().set_disable_warnings(true));
}

} // namespace

void initialise_process() {
    static const bool once = [] {
        keep_freed_memory();
        initialise_kokkos();
        return true;
    }();
    static_cast<void>(once);
}

} // namespace metatensor_lammps
