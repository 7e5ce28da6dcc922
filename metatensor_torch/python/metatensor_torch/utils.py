# SPDX-License-Identifier: BSD-3-Clause
"""Where the C++ side of this package lies."""

import os

from . import _library


#: Directory with the headers and libraries for the torch of this process.
install_prefix = _library.install_prefix(os.path.dirname(os.path.abspath(__file__)))

#: What to add to ``CMAKE_PREFIX_PATH`` for ``find_package(metatensor_torch)``.
cmake_prefix_path = os.path.join(install_prefix, "lib", "cmake")
