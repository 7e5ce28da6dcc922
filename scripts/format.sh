#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Formats the C++ sources as .clang-format says: usage: scripts/format.sh [--check] [FILE ...]
#
# --check changes nothing and fails if something is to change. Without files: all that git knows.
# The version is the one of scripts/requirements.txt, so that everyone's result is the same.

source "$(dirname "$0")/lib.sh"

mode=(-i)
case ${1:-} in
    -h | --help) print_help "$0"; exit 0 ;;
    --check) mode=(--dry-run --Werror --ferror-limit=1); shift ;;
esac
clang_format=${CLANG_FORMAT:-$(dirname "$python")/clang-format}
if [[ ! -x $clang_format ]]; then bash "$source_dir/scripts/setup.sh"; fi
cd "$source_dir"
if (($#)); then files=("$@"); else mapfile -t files < <(git ls-files '*.cpp' '*.hpp' '*.h' '*.cu'); fi
((${#files[@]})) || exit 0
for file in "${files[@]}"; do
    case $file in
        *.cpp | *.hpp | *.h | *.cu) ;;
        *) die "only C++ sources can be formatted, got '$file'" ;; # clang-format would take it for C++
    esac
done
"$clang_format" --style=file "${mode[@]}" "${files[@]}" ||
    die "some files are not formatted" "scripts/format.sh formats them"
