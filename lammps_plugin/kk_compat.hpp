// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <lammps/KOKKOS/atom_kokkos.h>
#include <lammps/KOKKOS/kokkos.h>
#include <lammps/KOKKOS/kokkos_base.h>
#include <lammps/KOKKOS/kokkos_type.h>
#include <lammps/KOKKOS/neigh_list_kokkos.h>
#include <lammps/atom_masks.h>

#include <type_traits>

/// What differs between the versions of LAMMPS's KOKKOS package. CMake reads its headers and defines
/// METATENSOR_LAMMPS_KK_FLOAT where they have KK_FLOAT (from 10 September 2025 on) in place of X_FLOAT and
/// F_FLOAT.
namespace metatensor_lammps {

#if defined(METATENSOR_LAMMPS_KK_FLOAT)
static_assert(std::is_same_v<KK_FLOAT, double> && std::is_same_v<KK_ACC_FLOAT, double>,
              "pair_style metatensor/kk needs a LAMMPS whose KOKKOS package computes in double precision");
using CommBuffer = DAT::tdual_double_1d;
#else
using CommBuffer = DAT::tdual_xfloat_1d;
#endif

} // namespace metatensor_lammps
