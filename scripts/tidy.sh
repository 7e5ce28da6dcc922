#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Looks for suspicious code with clang-tidy, as .clang-tidy says: usage: scripts/tidy.sh [FILE ...]
#
# Without files: the sources of the libraries and the plugin. A file takes a minute: the headers of torch
# are large. Needs clang-tidy (Debian: apt-get install clang-tidy).

source "$(dirname "$0")/lib.sh"

case ${1:-} in -h | --help) print_help "$0"; exit 0 ;; esac
command -v clang-tidy >/dev/null || die "clang-tidy is missing" "On Debian and Ubuntu: sudo apt-get install clang-tidy"
bash "$source_dir/scripts/build.sh" dev --configure
cd "$source_dir"
if (($#)); then
    files=("$@")
else
    mapfile -t files < <(git ls-files 'metatensor_torch/src/*.cpp' 'kokkos/*.cpp' 'lammps_plugin/*.cpp')
fi

# clang cannot read the precompiled headers of g++ that lie beside cmake_pch.hxx: give it a copy elsewhere.
database=$(mktemp -d)
trap 'rm -rf "$database"' EXIT
"$python" - build/dev/compile_commands.json "$database" <<'EOF'
import json, pathlib, re, shutil, sys

commands = json.load(open(sys.argv[1]))
folder = pathlib.Path(sys.argv[2])


def copy_elsewhere(match):
    copy = folder / (re.sub(r"\W", "_", match[1]) + ".hxx")
    shutil.copy(match[1], copy)
    return f"-include {copy}"


for entry in commands:
    command = entry["command"].replace("-Winvalid-pch", "")
    entry["command"] = re.sub(r"-include (\S*cmake_pch\.hxx)", copy_elsewhere, command)
json.dump(commands, open(folder / "compile_commands.json", "w"))
EOF
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(n_jobs)" clang-tidy -p "$database" --quiet --warnings-as-errors='*'
