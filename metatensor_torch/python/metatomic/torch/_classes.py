# SPDX-License-Identifier: BSD-3-Clause
"""The TorchScript classes and operators: ``documentation.py`` says what they have and do."""

from typing import TYPE_CHECKING

from metatensor_torch._eager import eager_class, eager_function

from . import documentation


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
    ModelCapabilities = eager_class("metatomic", documentation.ModelCapabilities)
    ModelEvaluationOptions = eager_class("metatomic", documentation.ModelEvaluationOptions)
    ModelMetadata = eager_class("metatomic", documentation.ModelMetadata)
    ModelOutput = eager_class("metatomic", documentation.ModelOutput)
    NeighborListOptions = eager_class("metatomic", documentation.NeighborListOptions)
    System = eager_class("metatomic", documentation.System)

    check_atomistic_model = eager_function("metatomic::check_atomistic_model", documentation.check_atomistic_model)
    load_model_extensions = eager_function("metatomic::load_model_extensions", documentation.load_model_extensions)
    pick_device = eager_function("metatomic::pick_device", documentation.pick_device)
    pick_output = eager_function("metatomic::pick_output", documentation.pick_output)
    read_model_metadata = eager_function("metatomic::read_model_metadata", documentation.read_model_metadata)
    register_autograd_neighbors = eager_function("metatomic::register_autograd_neighbors", documentation.register_autograd_neighbors)
    unit_conversion_factor = eager_function("metatomic::unit_conversion_factor", documentation.unit_conversion_factor)
    unit_dimension_for_quantity = eager_function("metatomic::unit_dimension_for_quantity", documentation.unit_dimension_for_quantity)
    version = eager_function("metatomic::version", documentation.version)

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
