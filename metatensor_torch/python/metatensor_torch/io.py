# SPDX-License-Identifier: BSD-3-Clause
"""Reading and writing of labels, blocks and maps: files, file objects and buffers.

Scripted code can call all of these functions; there, a file is given by its name as a ``str``.
"""

import ctypes
import os
from typing import BinaryIO, Union

import torch

from ._classes import Labels, TensorBlock, TensorMap
from ._eager import fast_op
from ._scripting import scripted_as


File = Union[str, os.PathLike, BinaryIO]
Data = Union[Labels, TensorBlock, TensorMap]

_load = fast_op("metatensor::load")
_load_block = fast_op("metatensor::load_block")
_load_labels = fast_op("metatensor::load_labels")
_load_buffer = fast_op("metatensor::load_buffer")
_load_block_buffer = fast_op("metatensor::load_block_buffer")
_load_labels_buffer = fast_op("metatensor::load_labels_buffer")
_save = fast_op("metatensor::save")
_save_buffer = fast_op("metatensor::save_buffer")


@scripted_as("metatensor::load")
def load(file: File) -> TensorMap:
    """Read a :py:class:`TensorMap` from an ``.mts`` file, to CPU.

    :param file: name of a file, or an object with a ``read`` method that returns bytes
    """
    return _load(os.fspath(file)) if is_path(file) else _load_buffer(read_buffer(file))


@scripted_as("metatensor::load_block")
def load_block(file: File) -> TensorBlock:
    """Read a :py:class:`TensorBlock` from an ``.mts`` file, to CPU; ``file`` is as in :py:func:`load`."""
    return _load_block(os.fspath(file)) if is_path(file) else _load_block_buffer(read_buffer(file))


@scripted_as("metatensor::load_labels")
def load_labels(file: File) -> Labels:
    """Read :py:class:`Labels` from an ``.npy`` file, to CPU; ``file`` is as in :py:func:`load`."""
    return _load_labels(os.fspath(file)) if is_path(file) else _load_labels_buffer(read_buffer(file))


@scripted_as("metatensor::load_buffer")
def load_buffer(buffer: torch.Tensor) -> TensorMap:
    """Read a :py:class:`TensorMap` from the content of an ``.mts`` file, a ``uint8`` tensor [n_bytes]."""
    return _load_buffer(buffer)


@scripted_as("metatensor::load_block_buffer")
def load_block_buffer(buffer: torch.Tensor) -> TensorBlock:
    """Read a :py:class:`TensorBlock` from the content of an ``.mts`` file, a ``uint8`` tensor [n_bytes]."""
    return _load_block_buffer(buffer)


@scripted_as("metatensor::load_labels_buffer")
def load_labels_buffer(buffer: torch.Tensor) -> Labels:
    """Read :py:class:`Labels` from the content of an ``.npy`` file, a ``uint8`` tensor [n_bytes]."""
    return _load_labels_buffer(buffer)


@scripted_as("metatensor::save")
def save(file: File, data: Data) -> None:
    """Write labels, a block or a map.

    :param file: name of a file, which gets the usual extension (``.mts``, ``.npy`` for labels) if it has
        another one, or an object with a ``write`` method that takes bytes
    :param data: what to write; data on other devices are copied to CPU
    """
    if is_path(file):
        _save(os.fspath(file), data)
    else:
        write_buffer(file, _save_buffer(data))


@scripted_as("metatensor::save_buffer")
def save_buffer(data: Data) -> torch.Tensor:
    """The content of the file that :py:func:`save` writes, as a ``uint8`` tensor [n_bytes]."""
    return _save_buffer(data)


def is_path(file: File) -> bool:
    """Is it the name of a file, and not a file object?"""
    return isinstance(file, (str, os.PathLike))


def read_buffer(file: BinaryIO) -> torch.Tensor:
    """All that is left in a file, uint8 [n_bytes]."""
    content = bytearray(file.read())
    return torch.frombuffer(content, dtype=torch.uint8) if content else torch.empty(0, dtype=torch.uint8)


def write_buffer(file: BinaryIO, buffer: torch.Tensor) -> None:
    """Write a buffer, uint8 [n_bytes]."""
    file.write(ctypes.string_at(buffer.data_ptr(), buffer.numel()))
