# SPDX-License-Identifier: BSD-3-Clause
"""Finds and loads the shared libraries with the TorchScript classes and operators."""

import ctypes
import glob
import os
import sys

import torch


TORCH_MINOR_VERSION = ".".join(torch.__version__.split(".")[:2])


PACKAGE_DIRECTORY = os.path.dirname(os.path.abspath(__file__))

#: Where everything lies that was built for the torch of this process: ``lib`` and ``include``, also of metatomic.
INSTALL_PREFIX = os.path.join(PACKAGE_DIRECTORY, f"torch-{TORCH_MINOR_VERSION}")


def load_library(name: str, example_class: str) -> None:
    """Load ``lib<name>.so``, which registers the TorchScript class ``example_class`` (namespace.Class)."""
    path = library_path(name)
    if _is_registered(example_class) and not _is_open(path):
        raise ImportError(
            f"torch.classes.{example_class} is already registered in this process, and not by '{path}': "
            "another implementation (or another copy) of this library was loaded before. Only one of them "
            "can be used in one process"
        )
    try:
        torch.ops.load_library(path)
    except OSError as error:
        raise ImportError(f"could not load '{path}': {error}") from error


def library_path(name: str) -> str:
    """Path of ``lib<name>.so``; an ImportError if there is none for this torch."""
    suffix = ".dylib" if sys.platform == "darwin" else ".so"
    path = os.path.join(INSTALL_PREFIX, "lib", f"lib{name}{suffix}")
    if os.path.exists(path):
        return path
    others = glob.glob(os.path.join(PACKAGE_DIRECTORY, "torch-*"))
    versions = ", ".join(sorted(os.path.basename(other)[len("torch-") :] for other in others))
    raise ImportError(
        f"'{path}' does not exist: this package was built for torch {versions or '(none)'}, "
        f"but torch {torch.__version__} is installed"
    )


def _is_registered(qualified_name: str) -> bool:
    namespace, name = qualified_name.split(".")
    try:
        getattr(getattr(torch.classes, namespace), name)
    except RuntimeError:
        return False
    return True


def _is_open(path: str) -> bool:
    try:
        ctypes.CDLL(path, mode=os.RTLD_NOLOAD | os.RTLD_LAZY)
    except OSError:
        return False
    return True
