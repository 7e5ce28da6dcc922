# SPDX-License-Identifier: BSD-3-Clause
"""``.to()`` and its like of scripted modules move labels, blocks and maps, too."""

from typing import Any, Callable

import torch


#: Attribute of modules with the names of the attributes to be moved; C++ knows it as well (module.cpp).
BUFFER_NAMES = "_mts_buffer_names"

MoveTensor = Callable[[torch.Tensor], torch.Tensor]


def patch_script_modules() -> None:
    """Make ``torch.jit.ScriptModule.to`` and its like move what ``BUFFER_NAMES`` lists, in each submodule."""
    apply_to_tensors = torch.jit.RecursiveScriptModule._apply
    if getattr(apply_to_tensors, "_moves_metatensor", False):
        return

    def _apply(self, fn: MoveTensor, recurse: bool = True):
        result = apply_to_tensors(self, fn, recurse=recurse)
        for name in getattr(self, BUFFER_NAMES, []):
            setattr(self, name, moved(getattr(self, name), fn))
        return result

    _apply._moves_metatensor = True
    torch.jit.RecursiveScriptModule._apply = _apply


def moved(value: Any, fn: MoveTensor) -> Any:
    """Labels, blocks and maps, also inside of containers, where ``fn`` would take a tensor of their device and dtype."""
    if isinstance(value, (list, tuple)):
        make = getattr(type(value), "_make", type(value))  # named tuples take one argument for each field
        return make(moved(element, fn) for element in value)
    if isinstance(value, dict):
        return {key: moved(element, fn) for key, element in value.items()}
    class_name = value._type().name() if isinstance(value, torch.ScriptObject) else None
    if class_name == "Labels":
        return value.to(fn(torch.empty(0, device=value.device)).device)
    if class_name in ["TensorBlock", "TensorMap"]:
        example = fn(torch.empty(0, dtype=dtype_of(value), device=value.device))
        return value.to(dtype=example.dtype, device=example.device)
    return value


def dtype_of(value: torch.ScriptObject) -> torch.dtype:
    """Of a block or a map; the default one of torch for a map without blocks."""
    if value._type().name() == "TensorBlock":
        return value.values.dtype
    return value.block_by_id(0).values.dtype if len(value) > 0 else torch.get_default_dtype()
