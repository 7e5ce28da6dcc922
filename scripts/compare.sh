#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Times this library beside the existing Python packages: usage: scripts/compare.sh [FILE ...] [OPTION ...]
#
# FILE is the stem of a file with cases in benchmarks/, such as data_types; all of them if none is given. Options are
# those of benchmarks/compare.py: --only PATTERN, --turns N, --at-least SECONDS, --memory, --json FILE. One thread.

source "$(dirname "$0")/lib.sh"
case ${1:-} in -h | --help) print_help "$0"; exit 0 ;; esac

bash "$source_dir/scripts/build.sh" release
bash "$source_dir/scripts/oracle.sh"
export_run_environment
export_oracle
exec "$python" "$source_dir/benchmarks/compare.py" "$@"
