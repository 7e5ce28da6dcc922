# SPDX-License-Identifier: BSD-3-Clause
"""Reading and writing of labels, blocks and maps: files, file objects and buffers.

Scripted code can call all of these functions; there, a file is given by its name as a ``str``.
"""

import ctypes
import io
import os
from typing import BinaryIO, Callable, Optional, TypeVar, Union

import torch

from ._classes import Labels, TensorBlock, TensorMap
from ._eager import fast_op
from ._scripting import scripted_as


File = Union[str, os.PathLike, BinaryIO]
Device = Union[str, torch.device]
Data = Union[Labels, TensorBlock, TensorMap]
T = TypeVar("T")

_load = fast_op("metatensor::load")
_load_block = fast_op("metatensor::load_block")
_load_labels = fast_op("metatensor::load_labels")
_load_buffer = fast_op("metatensor::load_buffer")
_load_block_buffer = fast_op("metatensor::load_block_buffer")
_load_labels_buffer = fast_op("metatensor::load_labels_buffer")
_save = fast_op("metatensor::save")
_save_buffer = fast_op("metatensor::save_buffer")


@scripted_as("metatensor::load")
def load(file: File, *, device: Optional[Device] = None, mmap: bool = False) -> TensorMap:
    """{load}

    :param file: name of a file, or an object with a ``read`` method that returns bytes
    :param device: {LoadOptions.device}; the CPU by default
    :param mmap: {LoadOptions.memory_map}. Only for files given by name
    :raises ValueError: if ``mmap`` is asked for an object
    """
    return load_from(_load, _load_buffer, file, device, mmap)


@scripted_as("metatensor::load_block")
def load_block(file: File, *, device: Optional[Device] = None, mmap: bool = False) -> TensorBlock:
    """{load_block}

    Parameters are as in :py:func:`load`: ``file``, ``device`` and ``mmap``.
    """
    return load_from(_load_block, _load_block_buffer, file, device, mmap)


@scripted_as("metatensor::load_labels")
def load_labels(file: File, *, device: Optional[Device] = None, mmap: bool = False) -> Labels:
    """{load_labels}

    Parameters are as in :py:func:`load`: ``file``, ``device`` and ``mmap``.
    """
    return load_from(_load_labels, _load_labels_buffer, file, device, mmap)


@scripted_as("metatensor::load_buffer")
def load_buffer(buffer: torch.Tensor) -> TensorMap:
    return _load_buffer(buffer)


@scripted_as("metatensor::load_block_buffer")
def load_block_buffer(buffer: torch.Tensor) -> TensorBlock:
    return _load_block_buffer(buffer)


@scripted_as("metatensor::load_labels_buffer")
def load_labels_buffer(buffer: torch.Tensor) -> Labels:
    return _load_labels_buffer(buffer)


@scripted_as("metatensor::save")
def save(file: File, data: Data) -> None:
    """{save}

    :param file: name of a file, usually with the extension ``.mts``, or ``.npy`` for labels; or an object with a
        ``write`` method that takes bytes
    """
    if is_path(file):
        _save(os.fspath(file), data)
    else:
        write_buffer(file, _save_buffer(data))


@scripted_as("metatensor::save_buffer")
def save_buffer(data: Data) -> torch.Tensor:
    return _save_buffer(data)


def load_from(
    load: Callable[..., T],
    load_buffer: Callable[[torch.Tensor], T],
    file: File,
    device: Optional[Device],
    mmap: bool,
) -> T:
    """What ``load`` reads from a file that is given by its name, or ``load_buffer`` from the content of an open one."""
    if is_path(file):
        if device is None and not mmap:
            return load(os.fspath(file))
        return load(os.fspath(file), device=None if device is None else torch.device(device), mmap=mmap)
    if mmap:
        raise ValueError(f"only a file that is given by its name can be mapped into memory, got {type(file).__name__}")
    loaded = load_buffer(read_buffer(file))
    return loaded if device is None else loaded.to(torch.device(device))


def is_path(file: File) -> bool:
    """Is this the name of a file, not an open file?"""
    return isinstance(file, (str, os.PathLike))


def write_buffer(file: BinaryIO, buffer: torch.Tensor) -> None:
    """Write the bytes of ``buffer``, uint8 [n_bytes]; a file of Python gets them without a copy."""
    _check_is_binary(not isinstance(file, io.TextIOBase), "wb")
    content = _memory(buffer)
    if not isinstance(file, io.RawIOBase):
        file.write(content if isinstance(file, io.IOBase) else content.tobytes())
        return
    n_written = 0
    while n_written < len(content):
        # 2 GB at most is what a system writes at once; None: it can not now, as nothing waits for it
        n_more = file.write(content[n_written:])
        if not n_more:
            raise BlockingIOError(f"only {n_written} of {len(content)} bytes could be written")
        n_written += n_more


def read_buffer(file: BinaryIO) -> torch.Tensor:
    """All that is left in the file, uint8 [n_bytes], without a second copy where the file knows how much that is."""
    _check_is_binary(not isinstance(file, io.TextIOBase), "rb")
    if not (isinstance(file, io.IOBase) and file.seekable() and hasattr(file, "readinto")):
        content = file.read()
        _check_is_binary(not isinstance(content, str), "rb")
        content = bytearray(content)
        return torch.frombuffer(content, dtype=torch.uint8) if content else torch.empty(0, dtype=torch.uint8)
    start = file.tell()
    buffer = torch.empty(max(file.seek(0, os.SEEK_END) - start, 0), dtype=torch.uint8)
    file.seek(start)
    content = _memory(buffer)
    n_read = 0
    while n_read < len(content):
        n_more = file.readinto(content[n_read:])
        if not n_more:
            break
        n_read += n_more
    return buffer[:n_read]


def _check_is_binary(is_binary: bool, mode: str) -> None:
    if not is_binary:
        raise TypeError(f'the file must be opened in binary mode, `open(..., "{mode}")`, but it is a file of text')


def _memory(buffer: torch.Tensor) -> memoryview:
    """The bytes of ``buffer``, which stays alive as long as they are in use."""
    if buffer.numel() == 0:
        return memoryview(b"")
    array = (ctypes.c_uint8 * buffer.numel()).from_address(buffer.data_ptr())
    array.owner = buffer
    return memoryview(array).cast("B")
