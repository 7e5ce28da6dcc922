# SPDX-License-Identifier: BSD-3-Clause
"""A small model, wrapped and run: what tests of the wrapper and of its files share."""

from typing import Dict, List, Optional

import torch
from atoms import make_system, structure

from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import (
    AtomisticModel,
    ModelCapabilities,
    ModelEvaluationOptions,
    ModelMetadata,
    ModelOutput,
    NeighborListOptions,
    System,
)


class Springs(torch.nn.Module):
    """Half of the squared length of all pairs of a full list."""

    def __init__(self, cutoff: float = 2.0, stiffness: float = 1.0):
        super().__init__()
        self.request = NeighborListOptions(cutoff, True, True)
        self.stiffness = torch.nn.Parameter(torch.tensor(stiffness, dtype=torch.float64))

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        return [self.request]

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        results: Dict[str, TensorMap] = {}
        for name in outputs.keys():
            values: List[torch.Tensor] = []
            for system in systems:
                pairs = system.get_neighbor_list(self.request)
                values.append(0.25 * self.stiffness * pairs.values.square().sum())
            samples = Labels("system", torch.arange(len(systems)).reshape(-1, 1))
            quantity = name.split("/")[0]
            properties = Labels([quantity], torch.tensor([[0]]))
            block = TensorBlock(torch.stack(values).reshape(-1, 1), samples, [], properties)
            results[name] = TensorMap(Labels("_", torch.tensor([[0]])), [block])
        return results


def capabilities(**changes) -> ModelCapabilities:
    values = {
        "outputs": {"energy": ModelOutput(unit="eV")},
        "atomic_types": [1, 8],
        "interaction_range": 2.0,
        "length_unit": "angstrom",
        "supported_devices": ["cpu"],
        "dtype": "float64",
    }
    return ModelCapabilities(**{**values, **changes})


def atomistic(module=None, metadata=None, **changes) -> AtomisticModel:
    module = Springs() if module is None else module
    return AtomisticModel(module.eval(), ModelMetadata() if metadata is None else metadata, capabilities(**changes))


PAIR = structure([1, 8], [[0.0, 0.0, 0.0], [0.0, 0.6, 0.8]])


def run(model, outputs=None, length_unit="angstrom", check=True, atoms=PAIR, selected=None, **options):
    system = make_system(atoms, model.requested_neighbor_lists(), **options)
    outputs = {"energy": ModelOutput(unit="eV")} if outputs is None else outputs
    return model([system], ModelEvaluationOptions(length_unit, outputs, selected), check)
