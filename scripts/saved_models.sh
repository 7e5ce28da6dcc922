#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Writes the models of tests/atomistic/saved_models anew, with the packages of both generations: usage: scripts/saved_models.sh
#
# Needs 4 GB of disk in the cache for the old packages, whose torch can not be that of the main environment. The tests use
# the files that are checked in, so this is only run to change them.

source "$(dirname "$0")/lib.sh"
case ${1:-} in
    -h | --help) print_help "$0"; exit 0 ;;
    "") ;;
    *) die "scripts/saved_models.sh takes no argument, got '$1'" ;;
esac
unset PYTHONPATH # which may name our own packages, under the same names

bash "$source_dir/scripts/oracle.sh"
export_oracle
legacy_dir=$cache_dir/legacy-oracle
requirements=$source_dir/scripts/legacy-requirements.txt
key=$(key_of "$(<"$requirements")" "$python")
if ! is_done "$legacy_dir/.installed" "$key"; then
    say "installing the packages of before May 2025 into $legacy_dir"
    rm -rf "$legacy_dir"
    "$python" -m venv "$legacy_dir"
    run_logged "$cache_dir/log/legacy-oracle-install.log" "$legacy_dir/bin/python" -m pip install \
        --disable-pip-version-check --no-deps -r "$requirements"
    echo "$key" >"$legacy_dir/.installed"
fi

models=$source_dir/tests/atomistic/saved_models
legacy=$models/metatensor-torch-0.7.6
say "writing the models into $models"
"$legacy_dir/bin/python" -W ignore "$models/make_models.py" "$legacy"
"$METATENSOR_ORACLE_PYTHON" -W ignore "$models/make_models.py" "$models/metatomic-torch-0.1.19"
# the schemas of that generation
"$legacy_dir/bin/python" "$source_dir/tests/python/interface.py" >"$legacy/interface.txt"
