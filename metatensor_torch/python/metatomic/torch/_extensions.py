# SPDX-License-Identifier: BSD-3-Clause
"""Which TorchScript extensions (shared libraries) a model is exported with."""

import hashlib
import os
import shutil
import sys
from typing import Dict, List, Optional

import torch

from . import utils


def find_extensions() -> List[str]:
    """Paths of all libraries that were loaded into TorchScript, but for those of this project."""
    own_directory = os.path.join(utils.install_prefix, "lib")
    own_libraries = {os.path.realpath(os.path.join(own_directory, name)) for name in os.listdir(own_directory)}
    loaded = {os.path.realpath(path) for path in torch.ops.loaded_libraries}
    return sorted(loaded - own_libraries)


def collect_extensions(directory: Optional[str]) -> List[Dict[str, str]]:
    """Name, checksum and path (relative to site-packages where possible) of each extension.

    :param directory: where to copy the extensions, keeping their relative paths; nowhere if ``None``
    """
    extensions = []
    for path in find_extensions():
        relative = _relative_to_import_path(path)
        if directory is not None:
            destination = os.path.join(directory, relative.lstrip(os.sep))
            os.makedirs(os.path.dirname(destination), exist_ok=True)
            shutil.copyfile(path, destination)
        extensions.append({"name": _library_name(path), "sha256": _sha256(path), "path": relative})
    return extensions


def _library_name(path: str) -> str:
    name = os.path.basename(path).split(".")[0]
    return name[len("lib") :] if name.startswith("lib") else name


def _relative_to_import_path(path: str) -> str:
    entries = sorted((os.path.realpath(entry) for entry in sys.path if entry), key=len, reverse=True)
    for entry in entries:
        if path.startswith(entry + os.sep):
            return os.path.relpath(path, entry)
    return path


def _sha256(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()
