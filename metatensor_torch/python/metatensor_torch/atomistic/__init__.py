# SPDX-License-Identifier: BSD-3-Clause
"""The old place of :py:mod:`metatomic.torch`, under the names that things had there until May 2025.

The classes are those of ``metatomic.torch``: what is saved through this module is a model of today. Models that were
saved before are loaded by :py:func:`load_atomistic_model`.
"""

from metatomic.torch import (
    AtomisticModel,
    ModelCapabilities,
    ModelEvaluationOptions,
    ModelInterface,
    ModelMetadata,
    ModelOutput,
    NeighborListOptions,
    System,
    check_atomistic_model,
    is_atomistic_model,
    load_atomistic_model,
    load_model_extensions,
    load_system,
    read_model_metadata,
    register_autograd_neighbors,
    save,
    systems_to_torch,
    unit_conversion_factor,
)


#: The name of :py:class:`metatomic.torch.AtomisticModel` until May 2025
MetatensorAtomisticModel = AtomisticModel

__all__ = [
    "MetatensorAtomisticModel",
    "ModelCapabilities",
    "ModelEvaluationOptions",
    "ModelInterface",
    "ModelMetadata",
    "ModelOutput",
    "NeighborListOptions",
    "System",
    "check_atomistic_model",
    "is_atomistic_model",
    "load_atomistic_model",
    "load_model_extensions",
    "load_system",
    "read_model_metadata",
    "register_autograd_neighbors",
    "save",
    "systems_to_torch",
    "unit_conversion_factor",
]
