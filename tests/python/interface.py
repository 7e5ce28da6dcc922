# SPDX-License-Identifier: BSD-3-Clause
"""Schemas of all TorchScript classes and operators of this project, as torch knows them.

``python interface.py`` prints them. ``interface.txt`` is what this prints with metatensor-torch 0.10.8 and
metatomic-torch 0.1.19, without the functions that expose pointers into their core library.
"""

import re
from typing import List

import torch


NAMESPACES = ["metatensor", "metatomic"]
POINTER_FUNCTIONS = {
    "as_mts_block_t",
    "as_mts_labels_t",
    "as_mts_tensormap_t",
    "release",
    "unsafe_from_ptr",
    "unsafe_view_from_ptr",
}


def registered_schemas() -> List[str]:
    """Sorted lines ``namespace.Class.method(arguments) -> type`` and ``namespace::operator.overload(...)``."""
    return sorted({*_methods(), *_operators()})


def _methods() -> List[str]:
    lines = []
    for schema in torch._C._jit_get_custom_class_schemas():
        text = _shorten(str(schema))
        used_classes = re.findall(r"\b(?:metatensor|metatomic)\.\w+", text)
        # methods have self as their first argument, static ones return an object of their class
        if used_classes and schema.name not in POINTER_FUNCTIONS:
            lines.append(f"{used_classes[0]}.{text}")
    return lines


def _operators() -> List[str]:
    schemas = torch._C._jit_get_all_schemas()
    return [_shorten(str(schema)) for schema in schemas if schema.name.split("::")[0] in NAMESPACES]


def _shorten(schema: str) -> str:
    schema = schema.replace("__torch__.torch.classes.", "")
    return re.sub(r"^(.* -> .*?)( _0)?(\)?)$", r"\1\3", schema)  # the result has no name worth comparing


if __name__ == "__main__":
    import metatensor.torch  # noqa: F401

    try:
        import metatomic.torch  # noqa: F401
    except ImportError:
        pass  # before May 2025, its classes were in metatensor.torch

    print("\n".join(registered_schemas()))
