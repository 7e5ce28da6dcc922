#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Writes the models of saved_models anew, with the packages of both generations: usage: scripts/saved_models.sh [--check]
#
# They are in tests/atomistic/saved_models, with what these packages compute.
# --check writes nothing: it runs the models that are checked in with the packages that wrote them, and then the tests of
# saved models in Python and in C++, which have to get the same bits for all outputs on the same machine.
#
# Needs 4 GB of disk in the cache for the old packages, whose torch can not be that of the main environment. The tests use
# the files that are checked in, and allow for other processors, so this is only run to change them, or as a stricter test.

source "$(dirname "$0")/lib.sh"
check=
case ${1:-} in
    -h | --help) print_help "$0"; exit 0 ;;
    --check) check=yes ;;
    "") ;;
    *) die "scripts/saved_models.sh takes no argument but --check, got '$1'" ;;
esac
user_pythonpath=${PYTHONPATH:-}
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
legacy=metatensor-torch-0.7.6 today=metatomic-torch-0.1.19
# run_models FOLDER: what each generation of packages gives for its models, to FOLDER/GENERATION.
run_models() {
    "$legacy_dir/bin/python" -W ignore "$models/run_models.py" "$models/$legacy" "$1/$legacy"
    "$METATENSOR_ORACLE_PYTHON" -W ignore "$models/run_models.py" "$models/$today" "$1/$today"
}
if [[ -n $check ]]; then
    bash "$source_dir/scripts/build.sh" release
    results=$(mktemp -d)
    trap 'rm -rf "$results"' EXIT
    say "running the models with the packages that wrote them"
    run_models "$results"
    export PYTHONPATH=$user_pythonpath METATENSOR_SAVED_RESULTS=$results
    export_run_environment
    say "comparing all outputs bit for bit"
    status=0
    "$python" -m pytest -p no:cacheprovider -q "$source_dir/tests/python/test_saved_models.py" || status=1
    ctest --test-dir "$source_dir/build/release" --output-on-failure -R '^atomistic/saved_models' || status=1
    exit "$status"
fi

say "writing the models into $models"
"$legacy_dir/bin/python" -W ignore "$models/make_models.py" "$models/$legacy"
"$METATENSOR_ORACLE_PYTHON" -W ignore "$models/make_models.py" "$models/$today"
run_models "$models"
# the schemas of that generation
"$legacy_dir/bin/python" "$source_dir/tests/python/interface.py" >"$models/$legacy/interface.txt"
