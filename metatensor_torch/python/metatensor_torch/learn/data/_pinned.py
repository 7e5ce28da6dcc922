# SPDX-License-Identifier: BSD-3-Clause
from typing import Any

import torch

from ..._classes import TensorBlock, TensorMap
from .._objects import class_of


def pinned(value: Any) -> Any:
    """The same with tensors, values and gradients in pinned memory, from which copies to a GPU need not be waited for.

    Containers are gone through; labels and all else stay as they are.
    """
    if isinstance(value, torch.Tensor):
        return value.pin_memory()
    kind = class_of(value)
    if kind == "metatensor.TensorMap":
        result = TensorMap(value.keys, [pinned(block) for block in value.blocks()])
        for name, text in value.info().items():
            result.set_info(name, text)
        return result
    if kind == "metatensor.TensorBlock":
        result = TensorBlock(value.values.pin_memory(), value.samples, value.components, value.properties)
        for parameter, gradient in value.gradients():
            result.add_gradient(parameter, pinned(gradient))
        return result
    if isinstance(value, dict):
        return {name: pinned(element) for name, element in value.items()}
    if isinstance(value, (list, tuple)):
        make = getattr(type(value), "_make", type(value))  # named tuples take one argument for each field
        return make([pinned(element) for element in value])
    return value
