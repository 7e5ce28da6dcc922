# SPDX-License-Identifier: BSD-3-Clause
"""The path of the shared library, for packages that link to it."""

from . import _library


def _lib_path() -> str:
    return _library.library_path("metatensor_torch")
