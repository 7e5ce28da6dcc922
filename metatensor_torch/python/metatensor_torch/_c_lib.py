# SPDX-License-Identifier: BSD-3-Clause
"""The shared library, for packages that link to it, under the names that these know."""

from . import _library


def _lib_path() -> str:
    return _library.library_path("metatensor_torch")


def _load_library() -> None:
    _library.load_library("metatensor_torch", "metatensor.Labels")
