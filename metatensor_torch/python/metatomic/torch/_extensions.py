# SPDX-License-Identifier: BSD-3-Clause
"""Which TorchScript extensions (shared libraries) a model is exported with."""

import glob
import hashlib
import os
import shutil
import sys
from typing import Dict, Iterable, List, Optional, Set, Tuple, Union

import torch

from . import utils
from ._elf import needed_libraries


#: Files beside an extension that it opens by itself where there is a GPU; nothing else may load them before.
OPENED_LATER = {"sphericart_torch": ["libsphericart_torch_cuda_stream.so"]}


def find_extensions() -> List[str]:
    """Paths of all libraries that were loaded into TorchScript, but for those of this project."""
    loaded = {os.path.realpath(path) for path in torch.ops.loaded_libraries}
    return sorted(loaded - _libraries_in(os.path.join(utils.install_prefix, "lib")))


def find_dependencies(extensions: Iterable[str]) -> List[str]:
    """Paths of the libraries in Python packages that extensions are linked to, those first that others need.

    Those of torch and of this project, and what these need, are there for all engines, and left out.
    """
    loaded = _loaded_libraries()
    always_there: Set[str] = set()
    for directory in [utils.install_prefix, os.path.dirname(torch.__file__)]:
        for library in _libraries_in(os.path.join(directory, "lib")):
            always_there.update([library, *_needed_by(library, loaded)])
    found: List[str] = []
    for extension in extensions:
        for library in _needed_by(extension, loaded):
            in_package = _relative_to_import_path(library) != library
            if in_package and library not in [*always_there, *extensions, *found]:
                found.append(library)
    return found


def collect_extensions(
    directory: Optional[Union[str, os.PathLike]],
) -> Tuple[List[Dict[str, str]], List[Dict[str, str]]]:
    """Name, checksum and path (relative to site-packages where possible) of each extension, and of its dependencies.

    :param directory: where to copy them, keeping their relative paths; nowhere if ``None``
    """
    extensions = find_extensions()
    dependencies = find_dependencies(extensions)
    if directory is not None:
        for path in [*extensions, *dependencies]:
            _copy(path, os.fspath(directory))
            for name in OPENED_LATER.get(_library_name(path), []):
                beside = os.path.join(os.path.dirname(path), name)
                if os.path.exists(beside):
                    _copy(beside, os.fspath(directory))
    return [_entry(path) for path in extensions], [_entry(path) for path in dependencies]


def _entry(path: str) -> Dict[str, str]:
    return {"name": _library_name(path), "sha256": _sha256(path), "path": _relative_to_import_path(path)}


def _copy(path: str, directory: str) -> None:
    destination = os.path.join(directory, _relative_to_import_path(path).lstrip(os.sep))
    os.makedirs(os.path.dirname(destination), exist_ok=True)
    shutil.copyfile(path, destination)


def _libraries_in(directory: str) -> Set[str]:
    return {os.path.realpath(path) for path in glob.glob(os.path.join(directory, "*.so*"))}


def _loaded_libraries() -> Dict[str, str]:
    """Paths of the libraries of this process, by file names; only Linux says them."""
    if not os.path.exists("/proc/self/maps"):
        return {}
    with open("/proc/self/maps") as file:
        # addresses, permissions, offset, device, inode, path
        fields = [line.rstrip("\n").split(maxsplit=5) for line in file]
    return {os.path.basename(words[5]): words[5] for words in fields if len(words) == 6 and ".so" in words[5]}


def _needed_by(library: str, loaded: Dict[str, str]) -> List[str]:
    """Paths of all libraries that one is linked to, also through others: dependencies first."""
    found: List[str] = []
    visited = {library}

    def visit(path: str) -> None:
        for name in needed_libraries(path):
            needed = loaded.get(name)
            if needed is not None and needed not in visited:
                visited.add(needed)
                visit(needed)
                found.append(needed)

    visit(library)
    return found


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
