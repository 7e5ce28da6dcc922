# SPDX-License-Identifier: BSD-3-Clause
"""Where the C++ side of this package lies: beside that of metatensor. Versions."""

import re

from metatensor_torch.utils import Version, cmake_prefix_path, install_prefix, lammps_plugin_path


__all__ = [
    "Version",
    "cmake_prefix_path",
    "install_prefix",
    "lammps_plugin_path",
    "parse_version",
    "version_compatible",
]


def parse_version(version: str) -> Version:
    """The numbers of a version such as ``"0.1.19"``; what follows them is ignored.

    :param version: the version, which begins with three numbers
    :raises ValueError: if it does not
    """
    numbers = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    if numbers is None:
        raise ValueError(f"a version begins with three numbers, as '1.2.3', got '{version}'")
    return Version(*[int(number) for number in numbers.groups()])


def version_compatible(actual: str, required: str) -> bool:
    """Do two versions differ in the last of their three numbers only?

    :param actual: the version that is there
    :param required: the version that is needed
    :raises ValueError: if one does not begin with three numbers
    """
    return parse_version(actual)[:2] == parse_version(required)[:2]
