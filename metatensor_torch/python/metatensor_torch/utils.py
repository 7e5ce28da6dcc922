# SPDX-License-Identifier: BSD-3-Clause
"""Where the C++ side of this package lies. Versions."""

import os
from typing import NamedTuple, Optional

from . import _library


class Version(NamedTuple):
    """The numbers of a version, which compare as versions do."""

    major: int
    minor: int
    patch: int


#: Directory with the headers and libraries for the torch of this process.
install_prefix: str = _library.INSTALL_PREFIX

#: What to add to ``CMAKE_PREFIX_PATH`` for ``find_package(metatensor_torch)`` and ``find_package(metatomic_torch)``.
cmake_prefix_path: str = os.path.join(install_prefix, "lib", "cmake")


def _plugin_path() -> Optional[str]:
    path = os.path.join(install_prefix, "lib", "lammps-plugins")
    return path if os.path.isdir(path) else None


#: What to set ``LAMMPS_PLUGIN_PATH`` to, ``None`` if this package was built without the LAMMPS plugin.
lammps_plugin_path: Optional[str] = _plugin_path()
