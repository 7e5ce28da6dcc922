# SPDX-License-Identifier: BSD-3-Clause
"""The TorchScript classes and operators: ``documentation.py`` says what they have and do."""

from typing import TYPE_CHECKING

import torch


if TYPE_CHECKING:
    from .documentation import (
        ModelCapabilities,
        ModelEvaluationOptions,
        ModelMetadata,
        ModelOutput,
        NeighborListOptions,
        System,
        check_atomistic_model,
        load_model_extensions,
        pick_device,
        pick_output,
        read_model_metadata,
        register_autograd_neighbors,
        unit_conversion_factor,
        unit_dimension_for_quantity,
        version,
    )
else:
    ModelCapabilities = torch.classes.metatomic.ModelCapabilities
    ModelEvaluationOptions = torch.classes.metatomic.ModelEvaluationOptions
    ModelMetadata = torch.classes.metatomic.ModelMetadata
    ModelOutput = torch.classes.metatomic.ModelOutput
    NeighborListOptions = torch.classes.metatomic.NeighborListOptions
    System = torch.classes.metatomic.System

    check_atomistic_model = torch.ops.metatomic.check_atomistic_model
    load_model_extensions = torch.ops.metatomic.load_model_extensions
    pick_device = torch.ops.metatomic.pick_device
    pick_output = torch.ops.metatomic.pick_output
    read_model_metadata = torch.ops.metatomic.read_model_metadata
    register_autograd_neighbors = torch.ops.metatomic.register_autograd_neighbors
    unit_conversion_factor = torch.ops.metatomic.unit_conversion_factor
    unit_dimension_for_quantity = torch.ops.metatomic.unit_dimension_for_quantity
    version = torch.ops.metatomic.version

__all__ = [
    "ModelCapabilities",
    "ModelEvaluationOptions",
    "ModelMetadata",
    "ModelOutput",
    "NeighborListOptions",
    "System",
    "check_atomistic_model",
    "load_model_extensions",
    "pick_device",
    "pick_output",
    "read_model_metadata",
    "register_autograd_neighbors",
    "unit_conversion_factor",
    "unit_dimension_for_quantity",
    "version",
]
