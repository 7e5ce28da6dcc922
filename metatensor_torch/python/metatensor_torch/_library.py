# SPDX-License-Identifier: BSD-3-Clause
"""Finds and loads the shared libraries with the TorchScript classes and operators."""

import ctypes
import glob
import os
import sys

import torch


TORCH_MINOR_VERSION = ".".join(torch.__version__.split(".")[:2])


def install_prefix(package_directory: str) -> str:
    """Where a package keeps what was built for the torch of this process: ``lib`` and ``include``."""
    return os.path.join(package_directory, f"torch-{TORCH_MINOR_VERSION}")


def load_library(name: str, package_directory: str, example_class: str) -> None:
    """Load ``lib<name>.so``, which registers the TorchScript class ``example_class`` (namespace.Class)."""
    path = _library_path(name, package_directory)
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


def _library_path(name: str, package_directory: str) -> str:
    suffix = ".dylib" if sys.platform == "darwin" else ".so"
    path = os.path.join(install_prefix(package_directory), "lib", f"lib{name}{suffix}")
    if os.path.exists(path):
        return path
    others = glob.glob(os.path.join(package_directory, "torch-*"))
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
