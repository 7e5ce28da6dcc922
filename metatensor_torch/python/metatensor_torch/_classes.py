# SPDX-License-Identifier: BSD-3-Clause
"""The TorchScript classes: ``documentation.py`` says what they have."""

from typing import TYPE_CHECKING

import torch


if TYPE_CHECKING:
    from .documentation import Labels, LabelsEntry, TensorBlock, TensorMap
else:
    Labels = torch.classes.metatensor.Labels
    LabelsEntry = torch.classes.metatensor.LabelsEntry
    TensorBlock = torch.classes.metatensor.TensorBlock
    TensorMap = torch.classes.metatensor.TensorMap

__all__ = ["Labels", "LabelsEntry", "TensorBlock", "TensorMap"]
