# SPDX-License-Identifier: BSD-3-Clause
"""Reading and writing of systems: files, file objects and buffers.

Scripted code can call all of these functions; there, a file is given by its name as a ``str``.
"""

import os
from typing import Optional

import torch

from metatensor_torch._eager import fast_op
from metatensor_torch._scripting import scripted_as
from metatensor_torch.io import Device, File, is_path, load_from, write_buffer

from ._classes import System


_load_system = fast_op("metatomic::load_system")
_load_system_buffer = fast_op("metatomic::load_system_buffer")
_save = fast_op("metatomic::save")
_save_buffer = fast_op("metatomic::save_buffer")


@scripted_as("metatomic::save")
def save(file: File, system: System) -> None:
    """{save}

    ``file`` may also be an object with a ``write`` method that takes bytes.
    """
    if is_path(file):
        _save(os.fspath(file), system)
    else:
        write_buffer(file, _save_buffer(system))


@scripted_as("metatomic::save_buffer")
def save_buffer(system: System) -> torch.Tensor:
    return _save_buffer(system)


@scripted_as("metatomic::load_system")
def load_system(file: File, *, device: Optional[Device] = None, mmap: bool = False) -> System:
    """{load_system}

    ``file`` may also be an object with a ``read`` method that returns bytes.

    :param device: {LoadOptions.device}; the CPU by default
    :param mmap: {LoadOptions.memory_map}. Only for files given by name
    :raises ValueError: if ``mmap`` is asked for an object
    """
    return load_from(_load_system, _load_system_buffer, file, device, mmap)


@scripted_as("metatomic::load_system_buffer")
def load_system_buffer(buffer: torch.Tensor) -> System:
    return _load_system_buffer(buffer)
