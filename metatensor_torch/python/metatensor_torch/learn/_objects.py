# SPDX-License-Identifier: BSD-3-Clause
from typing import Any, Optional

import torch


def class_of(value: Any) -> Optional[str]:
    """``metatensor.Labels``, ``metatensor.TensorBlock`` or ``metatensor.TensorMap``; nothing for what is none of these.

    Other than ``isinstance``, this works without the extension module, when the classes are no Python classes.
    """
    if not isinstance(value, torch.ScriptObject):
        return None
    name = f"metatensor.{value._type().name()}"
    return name if name in ["metatensor.Labels", "metatensor.TensorBlock", "metatensor.TensorMap"] else None
