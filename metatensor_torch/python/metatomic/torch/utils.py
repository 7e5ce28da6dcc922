# SPDX-License-Identifier: BSD-3-Clause
"""Where the C++ side of this package lies: beside that of metatensor."""

from metatensor_torch.utils import cmake_prefix_path, install_prefix, lammps_plugin_path


__all__ = ["cmake_prefix_path", "install_prefix", "lammps_plugin_path"]
