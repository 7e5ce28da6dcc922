#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Builds a LAMMPS with its KOKKOS package, for the tests of pair_style metatensor/kk: usage: scripts/lammps_kokkos.sh
#
# LAMMPS 4Feb2025 and a shared Kokkos 4.5.01, for CPUs (Serial and OpenMP), with the MPI of the virtual environment:
# about 12 minutes on 2 cores, once. It lies in METATENSOR_TORCH_CACHE, and what is there already is left alone.
# LAMMPS's sources are those of Debian's package; they are fetched through apt-get, so this needs Debian or Ubuntu,
# or a folder with the sources of this version:
#
#   LAMMPS_KOKKOS_SOURCE   the folder that holds src/ and cmake/
#
# It ends with status 75 where the sources can not be fetched.

source "$(dirname "$0")/lib.sh"
case ${1:-} in
    -h | --help) print_help "$0"; exit 0 ;;
    "") ;;
    *) die "scripts/lammps_kokkos.sh takes no argument, got '$1'" ;;
esac

bash "$source_dir/scripts/setup.sh"
find_lammps
find_lammps_kokkos
if command -v flock >/dev/null; then
    exec 9>"$cache_dir/.lammps-kokkos-lock"
    flock 9 # two scripts at once: the second waits
fi
stamp=$lammps_kokkos_dir/.installed
if is_done "$stamp" "$lammps_kokkos_version"; then exit 0; fi
[[ -n $mpi_compiler ]] || die "no MPI compiler found: set MPI_CXX_COMPILER"
work=$cache_dir/work-lammps-kokkos
rm -rf "$lammps_kokkos_dir" "$work"
mkdir -p "$work"

# Debian's index of source packages, in a folder of its own: the system's own lists stay as they are.
fetch_lammps() {
    local apt=$work/apt options address
    mkdir -p "$apt/lists/partial" "$apt/archives/partial"
    cat /etc/apt/sources.list.d/*.sources 2>/dev/null |
        awk -v suite="$lammps_kokkos_suite" 'BEGIN { RS = ""; ORS = "\n\n" } !/security/ && /Suites:.*bookworm/ {
            gsub(/(^|\n)Types:[^\n]*/, "\nTypes: deb-src"); gsub(/\nSuites:[^\n]*/, "\nSuites: " suite); print }' |
        sed '/./,$!d' >"$apt/lammps.sources"
    [[ -s $apt/lammps.sources ]] || die "no Debian archive is configured in /etc/apt/sources.list.d" \
        "Unpack the sources of LAMMPS 4Feb2025 and set LAMMPS_KOKKOS_SOURCE to their folder."
    options=(-o Dir::State::lists="$apt/lists" -o Dir::Etc::sourcelist="$apt/lammps.sources"
        -o Dir::Etc::sourceparts=- -o Dir::Cache="$apt")
    run_logged "$cache_dir/log/lammps-apt.log" apt-get "${options[@]}" update
    address=$(apt-get "${options[@]}" source --print-uris "lammps=$lammps_kokkos_package" |
        awk -F "'" '/\.orig\.tar\.xz/ { print $2 }')
    [[ -n $address ]] || die "Debian's archive has no lammps $lammps_kokkos_package any more"
    say "fetching the source of LAMMPS $lammps_kokkos_version (132 MB)"
    run_logged "$cache_dir/log/lammps-download.log" "$python" -c \
        'import sys, urllib.request; urllib.request.urlretrieve(*sys.argv[1:])' "$address" "$work/lammps.tar.xz"
    echo "$lammps_kokkos_sha256  $work/lammps.tar.xz" | sha256sum --check --quiet ||
        die "the source of LAMMPS has another checksum than expected"
    mkdir -p "$work/lammps"
    tar -xJf "$work/lammps.tar.xz" -C "$work/lammps" --strip-components=1 --wildcards \
        '*/cmake' '*/src' '*/LICENSE' '*/doc/*.1' || die "the source of LAMMPS can not be unpacked"
    mkdir -p "$work"/lammps/{bench,potentials} # to be installed
}

lammps_source=${LAMMPS_KOKKOS_SOURCE:-}
if [[ -z $lammps_source ]]; then
    (fetch_lammps) || exit 75
    lammps_source=$work/lammps
fi
say "building Kokkos $kokkos_version, shared, and LAMMPS $lammps_kokkos_version into $lammps_kokkos_dir"
fetch_kokkos_source "$work"
run_logged "$cache_dir/log/kokkos-shared-configure.log" cmake -G Ninja -S "$work/kokkos" -B "$work/build-kokkos" \
    "${shared_kokkos_options[@]}" -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_INSTALL_PREFIX="$lammps_kokkos_dir/kokkos"
run_logged "$cache_dir/log/kokkos-shared-build.log" \
    cmake --build "$work/build-kokkos" --target install --parallel "$(n_jobs)"

run_logged "$cache_dir/log/lammps-configure.log" cmake -G Ninja -S "$lammps_source/cmake" -B "$work/build-lammps" \
    "${lammps_kokkos_options[@]}" -DMPI_CXX_COMPILER="$mpi_compiler" -DKokkos_ROOT="$lammps_kokkos_dir/kokkos" \
    -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_INSTALL_PREFIX="$lammps_kokkos_dir/lammps" \
    -DCMAKE_INSTALL_RPATH='$ORIGIN/../lib;$ORIGIN/../../kokkos/lib'
run_logged "$cache_dir/log/lammps-build.log" \
    cmake --build "$work/build-lammps" --target install --parallel "$(nproc)"

# What plugins are compiled with: an installed LAMMPS has no header of KOKKOS.
for folder in src src/fmt src/KOKKOS; do
    mkdir -p "$lammps_kokkos_dir/source/$folder"
    cp "$lammps_source/$folder"/*.h "$lammps_kokkos_dir/source/$folder"
done
rm -rf "$work"
echo "$lammps_kokkos_version" >"$stamp"
