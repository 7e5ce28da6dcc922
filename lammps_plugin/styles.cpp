// SPDX-License-Identifier: GPL-2.0-only

// The entry of the library with the pair styles, for plugin.cpp.

#include "pair_metatensor.hpp"

#include <lammps/lammps.h>

#include <string>

extern "C" __attribute__((visibility("default"))) void* metatensor_lammps_create_pair(void* lammps,
                                                                                      const char* name);

void* metatensor_lammps_create_pair(void* lammps, const char* name) {
    auto* instance = static_cast<LAMMPS_NS::LAMMPS*>(lammps);
    if (std::string(name) != "metatensor") return nullptr;
    // as LAMMPS's own creators: the caller stores a Pair*
    LAMMPS_NS::Pair* pair = new metatensor_lammps::PairMetatensor(instance);
    return pair;
}
