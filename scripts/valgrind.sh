#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Short simulations under valgrind: usage: scripts/valgrind.sh [STYLE ...]
#
# STYLE is plain (pair_style metatensor) or kokkos (metatensor/kk in the LAMMPS of scripts/lammps_kokkos.sh, one
# thread); both if none is given. Loads, runs with virials of atoms and rebuilds of the neighbor list, runs again,
# clears LAMMPS and starts over with another style before. Fails for each access to memory that is not there or has no
# value, and each block of memory that is lost, unless tests/lammps/valgrind.supp says whose it is. Needs valgrind.

source "$(dirname "$0")/lib.sh"
case ${1:-} in -h | --help) print_help "$0"; exit 0 ;; esac
styles=("$@")
((${#styles[@]})) || styles=(plain kokkos)
for style in "${styles[@]}"; do
    case $style in plain | kokkos) ;; *) die "expected plain or kokkos, got '$style'" ;; esac
done
command -v valgrind >/dev/null || die "there is no valgrind" "Debian has it in a package of this name"

bash "$source_dir/scripts/build.sh" release
export_run_environment
export OMP_NUM_THREADS=1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" "$source_dir/examples/python/lennard_jones.py" --cutoff 5.0 --output "$folder/model.pt"
cat >"$folder/in.atoms" <<'END'
units metal
atom_style atomic
lattice fcc 5.26
region box block 0 3 0 3 0 3
create_box 1 box
create_atoms 1 box
mass 1 39.948
displace_atoms all random 0.05 0.05 0.05 1
velocity all create 80 4928
neighbor 1.0 bin
neigh_modify delay 0 every 2 check no
fix nve all nve
thermo 2
END

run_style() {
    local kokkos_options=()
    if [[ $1 == kokkos ]]; then
        bash "$source_dir/scripts/build.sh" kokkos
        export_kokkos_environment ""
        kokkos_options=(-k on t 1 -sf kk)
    fi
    cat >"$folder/in.valgrind" <<END
include in.atoms
pair_style lj/cut 5.0
pair_coeff 1 1 0.0103 3.405
run 2
plugin load $METATENSOR_PLUGIN
pair_style metatensor model.pt
pair_coeff * * Ar
compute virials all stress/atom NULL
compute energies all pe/atom
dump all all custom 2 atoms.dump id c_virials[1] c_energies
run 6
run 2
clear
plugin load $METATENSOR_PLUGIN
include in.atoms
pair_style metatensor model.pt check_consistency on
pair_coeff * * Ar
run 2
END
    (cd "$folder" && valgrind --tool=memcheck --leak-check=full --show-leak-kinds=definite,indirect --num-callers=30 \
        --errors-for-leak-kinds=definite,indirect --error-exitcode=9 --log-file=valgrind.log \
        --suppressions="$source_dir/tests/lammps/valgrind.supp" \
        "$LMP" -nocite -log none -in in.valgrind "${kokkos_options[@]}" >run.log 2>&1 </dev/null) || {
        tail -n 5 "$folder/run.log"
        cat "$folder/valgrind.log"
        return 1
    }
    grep -E 'ERROR SUMMARY|definitely lost' "$folder/valgrind.log"
}

failed=()
for style in "${styles[@]}"; do
    say "$style, under valgrind"
    (run_style "$style") || failed+=("$style")
done
((${#failed[@]} == 0)) || die "failed: ${failed[*]}"
