#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Runs models and extensions of other projects with this one: usage: scripts/third_party.sh NAME ...
#
# NAME is one of the files in scripts/third_party/:
#
#   sevennet    a potential for 89 elements whose weights are in its Python package
#   metatrain   trains small PET and SOAP-BPNN models with the existing packages, then runs them here; also trains here
#   sphericart  spherical harmonics as TorchScript operators, in a model and on maps of blocks
#   vesin       neighbor lists as a TorchScript class
#   featomic    descriptors: shows why its library does not load here
#
# Each gets an environment of its own in the cache, which shares torch with the main one, and runs
# tests/third_party/test_NAME.py there. docs/third-party.md says what came out.

source "$(dirname "$0")/lib.sh"
case ${1:-} in
    -h | --help) print_help "$0"; exit 0 ;;
    "") die "scripts/third_party.sh needs the name of what to run" "there are: $(cd "$source_dir/scripts/third_party" && echo *.txt)" ;;
esac

bash "$source_dir/scripts/build.sh" release
for name in "$@"; do
    requirements=$source_dir/scripts/third_party/$name.txt
    [[ -f $requirements ]] || die "there is no $requirements"
    environment=$cache_dir/third-party/$name
    key=$(key_of "$(<"$requirements")" "$python")
    if ! is_done "$environment/.installed" "$key"; then
        say "installing what $name needs into $environment"
        rm -rf "$environment"
        new_environment "$environment"
        run_logged "$cache_dir/log/third-party-$name.log" "$environment/bin/python" -m pip install \
            --disable-pip-version-check --no-deps -r "$requirements"
        echo "$key" >"$environment/.installed"
    fi
    (
        export_run_environment
        export_oracle
        cd "$source_dir"
        "$environment/bin/python" -m pytest -p no:cacheprovider -rs -s "tests/third_party/test_$name.py"
    )
done
