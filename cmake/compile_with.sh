#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# A launcher for CMake that replaces the compiler: compile_with.sh COMPILER REPLACED ARGUMENT...
compiler=$1
NVCC_WRAPPER_DEFAULT_COMPILER=$2
export NVCC_WRAPPER_DEFAULT_COMPILER
shift 2
exec "$compiler" "$@"
