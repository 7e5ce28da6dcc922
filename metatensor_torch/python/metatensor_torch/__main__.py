# SPDX-License-Identifier: BSD-3-Clause
"""``python -m metatensor.torch OPTION``: prints where the C++ side of this package lies, for shells and build scripts."""

import argparse
import sys

import metatensor_torch
from metatensor_torch import utils


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m metatensor.torch", description="Says where the C++ side of this package lies."
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--cmake-prefix-path", action="store_true", help="for CMAKE_PREFIX_PATH")
    what.add_argument("--lammps-plugin-path", action="store_true", help="for LAMMPS_PLUGIN_PATH")
    what.add_argument("--version", action="version", version=metatensor_torch.__version__)
    arguments = parser.parse_args()

    if arguments.cmake_prefix_path:
        print(utils.cmake_prefix_path)
    elif utils.lammps_plugin_path is not None:
        print(utils.lammps_plugin_path)
    else:
        sys.exit(
            "this package was built without the LAMMPS plugin: build it with "
            "-C cmake.define.METATENSOR_TORCH_BUILD_LAMMPS_PLUGIN=ON and what docs/installation.md names"
        )


if __name__ == "__main__":
    main()
