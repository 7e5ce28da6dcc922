#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Installs the existing Python packages beside ours: usage: scripts/oracle.sh
#
# They register the same classes, so they can't be in the process, nor the environment, of ours. Tests and benchmarks
# that compare both (scripts/test.sh --oracle, scripts/compare.sh) run them in a virtual environment of their own,
# which shares torch with the main one. METATENSOR_ORACLE_PYTHON, if set, is a Python that has them already.

source "$(dirname "$0")/lib.sh"
case ${1:-} in
    -h | --help) print_help "$0"; exit 0 ;;
    "") ;;
    *) die "scripts/oracle.sh takes no argument, got '$1'" ;;
esac
if [[ -n ${METATENSOR_ORACLE_PYTHON:-} ]]; then exit 0; fi
unset PYTHONPATH # which may name our own packages, under the same names

bash "$source_dir/scripts/setup.sh"
if command -v flock >/dev/null; then
    exec 9>"$cache_dir/.oracle-lock"
    flock 9 # two scripts at once: the second waits
fi
requirements=$source_dir/scripts/oracle-requirements.txt

# ASE and what it needs are used with our packages too, so they have a folder of their own.
ase_requirements=$source_dir/scripts/ase-requirements.txt
ase_key=$(key_of "$(<"$ase_requirements")" "$python")
if ! is_done "$ase_dir/.installed" "$ase_key"; then
    say "installing ASE into $ase_dir"
    rm -rf "$ase_dir"
    run_logged "$cache_dir/log/ase-install.log" "$python" -m pip install --disable-pip-version-check \
        --no-deps --target "$ase_dir" -r "$ase_requirements"
    echo "$ase_key" >"$ase_dir/.installed"
fi

key=$(key_of "$(<"$requirements")" "$python")
if is_done "$oracle_dir/.installed" "$key"; then exit 0; fi

say "installing the existing packages into $oracle_dir"
new_environment "$oracle_dir"
run_logged "$cache_dir/log/oracle-install.log" "$oracle_dir/bin/python" -m pip install --disable-pip-version-check \
    --no-deps -r "$requirements"
"$oracle_dir/bin/python" -c 'import metatensor.torch, metatomic.torch' ||
    die "the existing packages can't be imported with $oracle_dir/bin/python"
echo "$key" >"$oracle_dir/.installed"
