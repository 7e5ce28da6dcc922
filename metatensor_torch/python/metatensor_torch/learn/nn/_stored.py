# SPDX-License-Identifier: BSD-3-Clause
"""Labels, blocks and maps in a state dict.

Each is a tuple (name of its class, its file as a tensor of bytes, a tensor without elements of its dtype and device): such
tuples survive ``torch.save`` and ``torch.load(weights_only=True)``, and the last tensor tells where ``map_location`` wants it.
"""

from typing import Any

import torch

from ..._module import dtype_of
from ...io import load_block_buffer, load_buffer, load_labels_buffer, save_buffer
from .._objects import class_of


LOADERS = {
    "metatensor.Labels": load_labels_buffer,
    "metatensor.TensorBlock": load_block_buffer,
    "metatensor.TensorMap": load_buffer,
}


def contains_metatensor(value: Any) -> bool:
    """Whether ``value`` can be a buffer: None, labels, a block, a map, an empty container, or one with some of these."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return len(value) == 0 or any(element is not None and contains_metatensor(element) for element in value)
    return value is None or class_of(value) is not None


def to_stored(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        stored = [to_stored(element) for element in value]
        return stored if isinstance(value, list) else tuple(stored)  # not a named tuple, which weights_only refuses
    if isinstance(value, dict):
        return {key: to_stored(element) for key, element in value.items()}
    name = class_of(value)
    if name is None:
        return value
    dtype = torch.int32 if name == "metatensor.Labels" else dtype_of(value)
    return name, save_buffer(value.to("cpu")), torch.empty(0, dtype=dtype, device=value.device)


def from_stored(stored: Any, replaced: Any, device: torch.device) -> Any:
    """The value on ``device``, with the dtypes of those that it replaces, if there are any."""
    if isinstance(stored, tuple) and len(stored) == 3 and isinstance(stored[0], str) and stored[0] in LOADERS:
        name, data, like = stored
        value = LOADERS[name](data.to("cpu"))
        if name == "metatensor.Labels":
            return value.to(device)
        same = class_of(replaced) == name and not (name == "metatensor.TensorMap" and len(replaced) == 0)
        return value.to(dtype=dtype_of(replaced) if same else like.dtype, device=device)
    if isinstance(stored, (list, tuple)):
        alike = isinstance(replaced, (list, tuple)) and len(replaced) == len(stored)
        known = replaced if alike else [None] * len(stored)
        values = [from_stored(element, old, device) for element, old in zip(stored, known, strict=True)]
        make = getattr(type(replaced), "_make", tuple) if alike else tuple
        return values if isinstance(stored, list) else make(values)
    if isinstance(stored, dict):
        known = replaced if isinstance(replaced, dict) else {}
        return {key: from_stored(element, known.get(key), device) for key, element in stored.items()}
    return stored
