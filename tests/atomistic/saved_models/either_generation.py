# SPDX-License-Identifier: BSD-3-Clause
"""The classes of models, from the packages of either generation."""

try:
    from metatomic.torch import (
        AtomisticModel,
        ModelCapabilities,
        ModelEvaluationOptions,
        ModelMetadata,
        ModelOutput,
        NeighborListOptions,
        System,
        load_atomistic_model,
        register_autograd_neighbors,
    )
except ImportError:  # before May 2025
    from metatensor.torch.atomistic import MetatensorAtomisticModel as AtomisticModel
    from metatensor.torch.atomistic import (
        ModelCapabilities,
        ModelEvaluationOptions,
        ModelMetadata,
        ModelOutput,
        NeighborListOptions,
        System,
        load_atomistic_model,
        register_autograd_neighbors,
    )

IS_LEGACY = AtomisticModel.__name__ != "AtomisticModel"
