// SPDX-License-Identifier: GPL-2.0-only

// The entry of the library with the pair styles, for plugin.cpp.

#include "pair_metatensor.hpp"
#if defined(METATENSOR_LAMMPS_KOKKOS)
#include "pair_metatensor_kokkos.hpp"
#endif

#include <lammps/lammps.h>

#include <string>

extern "C" __attribute__((visibility("default"))) void* metatensor_lammps_create_pair(void* lammps,
                                                                                      const char* name);

void* metatensor_lammps_create_pair(void* lammps, const char* name) {
    auto* instance = static_cast<LAMMPS_NS::LAMMPS*>(lammps);
    // as LAMMPS's own creators: the caller stores a Pair*
    LAMMPS_NS::Pair* pair = nullptr;
    const std::string style = name;
    if (style == "metatensor") pair = new metatensor_lammps::PairMetatensor(instance);
#if defined(METATENSOR_LAMMPS_KOKKOS)
    if (style == "metatensor/kk" || style == "metatensor/kk/device")
        pair = metatensor_lammps::create_kokkos_pair(instance, /*on_host=*/false);
    if (style == "metatensor/kk/host")
        pair = metatensor_lammps::create_kokkos_pair(instance, /*on_host=*/true);
#endif
    return pair;
}
