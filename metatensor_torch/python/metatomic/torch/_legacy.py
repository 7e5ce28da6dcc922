# SPDX-License-Identifier: BSD-3-Clause
"""Models that were saved before May 2025, when the atomistic classes stood under ``metatensor`` in TorchScript."""

import io
from typing import Dict, List, Optional

import torch

from metatensor_torch import Labels, TensorMap

from ._classes import ModelCapabilities, ModelMetadata, ModelOutput, NeighborListOptions, System


class LegacyModel(torch.nn.Module):
    """What a model of the old generation wraps, behind the interface of today."""

    def __init__(self, model: torch.jit.ScriptModule):
        super().__init__()
        self.module = model.module
        self._requests: List[NeighborListOptions] = torch.ops.metatomic._current_neighbor_lists(
            model.requested_neighbor_lists()
        )

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        return self._requests

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        return self.module(
            torch.ops.metatomic._legacy_systems(systems),
            torch.ops.metatomic._legacy_outputs(outputs),
            selected_atoms,
        )


def load_module(path: str) -> torch.jit.ScriptModule:
    """The module in the file, on CPU, where calls with the arguments of old versions are brought up to date."""
    content = torch.ops.metatomic._with_current_calls(path)
    source = io.BytesIO(content.numpy().tobytes()) if len(content) > 0 else path
    return torch.jit.load(source, map_location="cpu")


def is_legacy_model(module: torch.nn.Module) -> bool:
    """Is this a loaded model of the old generation?"""
    return getattr(module, "original_name", "") == "MetatensorAtomisticModel"


def capabilities_of(model: torch.jit.ScriptModule) -> ModelCapabilities:
    return torch.ops.metatomic._current_capabilities(model.capabilities())


def metadata_of(model: torch.jit.ScriptModule) -> ModelMetadata:
    return torch.ops.metatomic._current_metadata(model.metadata())
