#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Feeds the loaders of files with changed bytes: usage: scripts/fuzz.sh [SECONDS] [LOADER ...]
#
# LOADER is map, block, labels or system; each of them (all if none is given) runs for SECONDS (default: 60) on one
# core, with AddressSanitizer, UndefinedBehaviorSanitizer and a limit of memory. It starts from the files in
# tests/serialization/data and from what earlier runs found to be interesting, which is kept
# in build/fuzz/corpus. What makes a loader fail lies in build/fuzz/findings afterwards; once that is mended, it goes
# to tests/serialization/data/fuzz, where the tests look at it.
#
# Needs clang 16 or newer with libFuzzer: FUZZ_CXX names it, else clang++-19 is installed from Debian if it is missing.

source "$(dirname "$0")/lib.sh"
case ${1:-} in -h | --help) print_help "$0"; exit 0 ;; esac
seconds=60
if [[ ${1:-} =~ ^[0-9]+$ ]]; then
    seconds=$1
    shift
fi
loaders=("$@")
((${#loaders[@]})) || loaders=(map block labels system)
for loader in "${loaders[@]}"; do
    case $loader in map | block | labels | system) ;; *) die "expected map, block, labels or system, got '$loader'" ;; esac
done

compiler=${FUZZ_CXX:-clang++-19}
if ! command -v "$compiler" >/dev/null; then
    [[ -z ${FUZZ_CXX:-} ]] || die "there is no compiler '$FUZZ_CXX'"
    say "installing clang-19"
    apt-get install -y --no-install-recommends clang-19 libclang-rt-19-dev || die "can not install clang-19: set FUZZ_CXX"
fi

bash "$source_dir/scripts/setup.sh"
build_dir=$source_dir/build/fuzz
cmake -S "$source_dir" -B "$build_dir" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG="-O1 -g1" \
    -DCMAKE_CXX_COMPILER="$compiler" -DPython3_EXECUTABLE="$python" \
    -DMETATENSOR_TORCH_SANITIZE=fuzzer-no-link,address,undefined -DMETATENSOR_TORCH_BUILD_FUZZERS=ON \
    -DMETATENSOR_TORCH_BUILD_TESTS=OFF -DMETATENSOR_TORCH_PYTHON=OFF -DMETATENSOR_TORCH_INSTALL=OFF
targets=()
for loader in "${loaders[@]}"; do targets+=("fuzz_$loader"); done
cmake --build "$build_dir" --parallel "$(n_jobs)" --target "${targets[@]}"

n_failed=0
for loader in "${loaders[@]}"; do
    corpus=$build_dir/corpus/$loader findings=$build_dir/findings/$loader
    mkdir -p "$corpus" "$findings"
    say "$loader: $seconds seconds"
    # libtorch keeps memory of its own to the end: leaks are not looked for.
    ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 OMP_NUM_THREADS=1 \
        "$build_dir/tests/fuzz/fuzz_$loader" -max_total_time="$seconds" -max_len=20000 -rss_limit_mb=2048 \
        -malloc_limit_mb=256 -timeout=10 -artifact_prefix="$findings/" -print_final_stats=1 -verbosity=1 \
        "$corpus" "$source_dir/tests/serialization/data" "$source_dir/tests/serialization/data/fuzz" ||
        n_failed=$((n_failed + 1))
done
((n_failed == 0)) || die "$n_failed of ${#loaders[@]} loaders failed: see $build_dir/findings"
