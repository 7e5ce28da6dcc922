#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Runs LAMMPS, as it is, with two models saved from Python: usage: scripts/demo.sh [options]
#
#   --ranks N      MPI ranks (1)
#   --steps N      steps of molecular dynamics (200)
#   --output DIR   where models, trajectories and logs go (./demo-output)
#
# 1. argon: Lennard-Jones, 4,000 atoms; 2. silicon: Stillinger-Weber, 512 atoms. Each is exported from Python
# to a TorchScript file, run through `plugin load` and `pair_style metatensor`, and compared on each frame of
# the trajectory with the style of the same physics that is built into LAMMPS. What is missing is set up first.

source "$(dirname "$0")/lib.sh"

n_ranks=1 n_steps=200 output=demo-output
while (($#)); do
    case $1 in
        -h | --help) print_help "$0"; exit 0 ;;
        --ranks | --steps | --output) (($# >= 2)) || die "$1 needs a value" ;;&
        --ranks) n_ranks=$2 ;;
        --steps) n_steps=$2 ;;
        --output) output=$2 ;;
        *) die "unknown option '$1'" "scripts/demo.sh --help lists the options" ;;
    esac
    shift 2
done
[[ $n_ranks =~ ^[1-9][0-9]*$ ]] || die "--ranks must be a positive number, got '$n_ranks'"
[[ $n_steps =~ ^[1-9][0-9]*$ ]] || die "--steps must be a positive number, got '$n_steps'"
mkdir -p "$output" 2>/dev/null && output=$(cd "$output" && pwd) && [[ -w $output ]] ||
    die "can't write to the folder '$output'"
every=$((n_steps < 20 ? n_steps : 20)) # steps from frame to frame

bash "$source_dir/scripts/build.sh" release
find_lammps
plugin=$source_dir/build/release/lammps_plugin/metatensorplugin.so
[[ -f $plugin ]] || die "the plugin was not built, as no LAMMPS was found to build it for" "See docs/installation.md"
[[ -x $lammps_executable ]] || die "there is no LAMMPS to run at '$lammps_executable'" \
    "Install the Python package lammps, or set LMP to your lmp"
((n_ranks == 1)) || [[ -x $mpiexec ]] || die "there is no mpiexec at '$mpiexec'" \
    "Install the Python package mpich, or set MPIEXEC"
[[ -f $lammps_potentials/Si.sw ]] || die "no Si.sw in '$lammps_potentials'" \
    "Set LAMMPS_POTENTIALS to the folder potentials of your LAMMPS"

export LD_LIBRARY_PATH=$lammps_library_path${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LAMMPS_POTENTIALS=$lammps_potentials
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}

# run_lammps LOG ARGUMENTS...: in the folder of the output, with the progress on the terminal.
run_lammps() {
    local log=$1 launcher=()
    shift
    if ((n_ranks > 1)); then launcher=("$mpiexec" -n "$n_ranks"); fi
    (cd "$output" && "${launcher[@]}" "$lammps_executable" -nonbuf -nocite -log "$log" "$@" </dev/null) ||
        die "LAMMPS stopped with an error" "Its log is $output/$log"
}

# demonstrate NAME SCRIPT NATIVE_STYLE OPTIONS_OF_SCRIPT...
demonstrate() {
    local name=$1 script=$2 native=$3
    shift 3
    say "$name: exporting the model of examples/python/$script"
    (cd "$output" && PYTHONPATH=$source_dir/build/release/python${PYTHONPATH:+:$PYTHONPATH} \
        "$python" "$source_dir/examples/python/$script" --output "$name.pt" "$@")
    say "$name: $n_steps steps with pair_style metatensor, $n_ranks rank(s)"
    run_lammps "$name.log" -in "$source_dir/examples/lammps/$name/in.$name" \
        -var plugin "$plugin" -var model "$name.pt" -var steps "$n_steps" -var every "$every"
    say "$name: the same frames with pair_style $native"
    run_lammps "$name-native.log" -in "$source_dir/examples/lammps/$name/in.$name-native" -screen none
}

show_result() {
    local name=$1 native=$2
    printf '\n'
    say "$name, $n_steps steps, $n_ranks rank(s)"
    "$python" "$source_dir/scripts/compare_runs.py" "$output" "$name" "$name-native" --style "pair_style $native"
    echo "trajectory: $output/$name.dump"
    echo "log:        $output/$name.log"
}

demonstrate argon lennard_jones.py lj/cut
demonstrate silicon stillinger_weber.py sw --parameters "$lammps_potentials/Si.sw"
show_result argon lj/cut
show_result silicon sw
