# SPDX-License-Identifier: BSD-3-Clause
"""The TorchScript classes: ``documentation.py`` says what they have."""

from typing import TYPE_CHECKING

from . import documentation
from ._eager import eager_class


if TYPE_CHECKING:
    from .documentation import Labels, LabelsEntry, TensorBlock, TensorMap
else:
    Labels = eager_class("metatensor", documentation.Labels)
    LabelsEntry = eager_class("metatensor", documentation.LabelsEntry)
    TensorBlock = eager_class("metatensor", documentation.TensorBlock)
    TensorMap = eager_class("metatensor", documentation.TensorMap)

__all__ = ["Labels", "LabelsEntry", "TensorBlock", "TensorMap"]
