# SPDX-License-Identifier: BSD-3-Clause
"""Reading and writing of systems: files, file objects and buffers.

Scripted code can call all of these functions; there, a file is given by its name as a ``str``.
"""

import os

import torch

from metatensor_torch._eager import fast_op
from metatensor_torch._scripting import scripted_as
from metatensor_torch.io import File, is_path, read_buffer, write_buffer

from ._classes import System


_load_system = fast_op("metatomic::load_system")
_load_system_buffer = fast_op("metatomic::load_system_buffer")
_save = fast_op("metatomic::save")
_save_buffer = fast_op("metatomic::save_buffer")


@scripted_as("metatomic::save")
def save(file: File, system: System) -> None:
    """Write a system with its neighbor lists and data.

    :param file: name of a file, ``.mta`` by custom, or an object with a ``write`` method that takes bytes
    """
    if is_path(file):
        _save(os.fspath(file), system)
    else:
        write_buffer(file, _save_buffer(system))


@scripted_as("metatomic::save_buffer")
def save_buffer(system: System) -> torch.Tensor:
    """The content of the file that :py:func:`save` writes, as a ``uint8`` tensor [n_bytes]."""
    return _save_buffer(system)


@scripted_as("metatomic::load_system")
def load_system(file: File) -> System:
    """Read a system from a file of :py:func:`save`, to CPU.

    :param file: name of a file, or an object with a ``read`` method that returns bytes
    """
    return _load_system(os.fspath(file)) if is_path(file) else _load_system_buffer(read_buffer(file))


@scripted_as("metatomic::load_system_buffer")
def load_system_buffer(buffer: torch.Tensor) -> System:
    """Read a system from the content of such a file, a ``uint8`` tensor [n_bytes]."""
    return _load_system_buffer(buffer)
