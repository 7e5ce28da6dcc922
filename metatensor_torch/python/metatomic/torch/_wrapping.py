# SPDX-License-Identifier: BSD-3-Clause
"""What models that are made around other models share."""

import warnings
from typing import Dict, List, Optional

import torch

from ._classes import ModelCapabilities, ModelOutput, NeighborListOptions
from .model import AtomisticModel, is_atomistic_model


class ModelAround(torch.nn.Module):
    """A model that calls another one, and asks the engine for what that asks for."""

    def __init__(self, model: torch.nn.Module):
        """
        :param model: an :py:class:`AtomisticModel`, or a module as it wraps
        """
        super().__init__()
        self._neighbor_lists: List[NeighborListOptions] = []
        self._inputs: Dict[str, ModelOutput] = {}
        if is_atomistic_model(model):
            self._neighbor_lists = model.requested_neighbor_lists()
            self._inputs = model.requested_inputs(True)
            model = model.module
        self.module = model

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        """What the model inside asks for."""
        return self._neighbor_lists

    def requested_inputs(self) -> Dict[str, ModelOutput]:
        """What the model inside asks for."""
        return self._inputs


def own_outputs(model: AtomisticModel) -> Dict[str, ModelOutput]:
    """The outputs of a model under the names that its module gave to them, without their older or newer names."""
    if not is_atomistic_model(model):
        raise TypeError(f"`model` must be an AtomisticModel, got {type(model).__name__}")
    outputs = model.capabilities().outputs
    return {name: outputs[name] for name in model._model_capabilities_outputs_names}


def capabilities_with(
    model: AtomisticModel,
    outputs: Dict[str, ModelOutput],
    *,
    interaction_range: Optional[float] = None,
    atomic_types: Optional[List[int]] = None,
) -> ModelCapabilities:
    """The capabilities of a model with other outputs, and what else is given."""
    capabilities = model.capabilities()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whoever made the capabilities was warned
        return ModelCapabilities(
            outputs=outputs,
            atomic_types=capabilities.atomic_types if atomic_types is None else atomic_types,
            interaction_range=capabilities.interaction_range if interaction_range is None else interaction_range,
            length_unit=capabilities.length_unit,
            supported_devices=capabilities.supported_devices,
            dtype=capabilities.dtype,
        )
