# SPDX-License-Identifier: BSD-3-Clause
"""The shared library, for packages that link to it, under the names that these know."""

from metatensor_torch import _library


def _lib_path() -> str:
    return _library.library_path("metatomic_torch")


def _load_library() -> None:
    _library.load_library("metatomic_torch", "metatomic.System")
