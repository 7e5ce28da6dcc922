#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Builds, tests and measures on a machine with an NVIDIA GPU: usage: scripts/gpu.sh [PART ...]
#
#   --tests       C++ and Python tests, with their rows for CUDA, and LAMMPS runs with metatensor/kk on the GPU
#   --sanitizer   some of them again, under compute-sanitizer
#   --steps       molecular dynamics steps: times, copies, synchronisations, memory, the largest system
#   --calls       Labels, operations and models: times, synchronisations; beside the existing packages if there are any
#
# Without options: all. What it needs, beyond what docs/installation.md says of the GPU:
#
#   METATENSOR_TORCH_PYTHON   a Python with a torch for CUDA, numpy and pytest (with pytest-xdist, tests run in parallel)
#   Kokkos_ROOT               a shared Kokkos with CUDA
#   LAMMPS_SOURCE_DIR, LMP    a LAMMPS with KOKKOS built with it, and its sources; MPIEXEC, MPI_CXX_COMPILER
#   LAMMPS_POTENTIALS         a folder with Si.sw
#   METATENSOR_NVCC_OPTIONS   for example -arch=sm_90
#   METATENSOR_GPU_MODEL      a saved model that knows silicon, to time too (not needed)
#   METATENSOR_ORACLE_PYTHON  a Python with the existing packages and the same torch, to compare with (not needed)
#   CUDA_HOME                 the CUDA toolkit, /usr/local/cuda if not set

source "$(dirname "$0")/lib.sh"

parts=()
for argument; do
    case $argument in
        --tests | --sanitizer | --steps | --calls) parts+=("${argument#--}") ;;
        -h | --help) print_help "$0"; exit 0 ;;
        *) die "unknown option '$argument'" "scripts/gpu.sh --help lists the options" ;;
    esac
done
((${#parts[@]})) || parts=(tests sanitizer steps calls)
wants() { [[ " ${parts[*]} " == *" $1 "* ]]; }

for name in METATENSOR_TORCH_PYTHON Kokkos_ROOT LAMMPS_SOURCE_DIR LMP LAMMPS_POTENTIALS; do
    [[ -n ${!name:-} ]] || die "$name is not set" "scripts/gpu.sh --help says what is needed"
done
"$python" -c 'import sys, torch; sys.exit(not torch.cuda.is_available())' ||
    die "torch of $python finds no GPU"
cuda=${CUDA_HOME:-/usr/local/cuda}

bash "$source_dir/scripts/build.sh" release -DMETATENSOR_NVCC_OPTIONS="${METATENSOR_NVCC_OPTIONS:-}"
export_run_environment
export METATENSOR_LAMMPS_OPTIONS="-k on g 1 -sf kk -pk kokkos newton on neigh half"
failed=()
run_part() {
    say "$1"
    "${@:2}" </dev/null || failed+=("$1")
}
run_pytest() { "$python" -m pytest -p no:cacheprovider -q "$@"; }

if wants tests; then
    in_parallel=()
    if [[ -n $(module_dir xdist) ]]; then in_parallel=(-n "$(n_jobs)"); fi
    run_part "C++ tests" ctest --test-dir "$source_dir/build/release" --output-on-failure --parallel 4
    # the wheel has nothing of the GPU
    run_part "Python tests" run_pytest "${in_parallel[@]}" --ignore "$source_dir/tests/python/test_wheel.py" \
        "$source_dir/tests/python"
    run_part "LAMMPS with metatensor/kk on the GPU" run_pytest \
        "${in_parallel[@]}" "$source_dir"/tests/lammps/test_{kokkos,atom_virials,simulations,message_passing}.py
fi

if wants sanitizer; then
    # memory errors of kernels
    check_memory() {
        "$cuda/bin/compute-sanitizer" --tool memcheck --error-exitcode 3 --print-limit 10 \
            "$source_dir/build/release/tests/$1" "${@:2}"
    }
    for stem in marshaller neighbors forces; do
        run_part "kokkos/$stem under compute-sanitizer" check_memory "kokkos/kokkos_${stem}_test"
    done
    run_part "data/device_rows under compute-sanitizer" check_memory data/data_device_rows_test --gtest_filter='*cuda*'
    run_part "reductions, joins under compute-sanitizer" check_memory operations/operations_test \
        --gtest_filter='*Over*cuda*:*Join*cuda*'
fi

if wants steps || wants calls; then
    export CUDA_COUNTS_LIBRARY=$source_dir/build/release/libcuda_counts.so
    say "compiling what counts copies and synchronisations"
    "${CXX:-c++}" -std=c++20 -O2 -shared -fPIC "$source_dir/benchmarks/gpu/cuda_counts.cpp" -o "$CUDA_COUNTS_LIBRARY" \
        -I "$cuda/include" -I "$cuda/extras/CUPTI/include" \
        -L "$cuda/lib64" -L "$cuda/extras/CUPTI/lib64" -lcupti -ldl \
        -Wl,-rpath,"$cuda/lib64" -Wl,-rpath,"$cuda/extras/CUPTI/lib64"
    nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader
fi
if wants steps; then
    run_part "steps" "$python" "$source_dir/benchmarks/gpu/steps.py" ${METATENSOR_GPU_MODEL:+--model "$METATENSOR_GPU_MODEL"}
fi
if wants calls; then run_part "calls" "$python" "$source_dir/benchmarks/gpu/compare.py"; fi

((${#failed[@]} == 0)) || die "failed: ${failed[*]}"
