# SPDX-License-Identifier: BSD-3-Clause
"""A model with two layers: atoms feel the densities of their neighbors, which depend on neighbors of neighbors.

It reads cell shifts, positions and cell rather than pair vectors in its second layer, as some models do.
"""

import argparse
from typing import Dict, List, Optional

import torch

from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import (
    AtomisticModel,
    ModelCapabilities,
    ModelMetadata,
    ModelOutput,
    NeighborListOptions,
    System,
)


CUTOFF = 4.5


def envelope(squares: torch.Tensor, cutoff: float) -> torch.Tensor:
    return (1.0 - squares / cutoff**2).clamp(min=0.0).pow(3)


class MessagePassing(torch.nn.Module):
    def __init__(self, second_cutoff: float, full_list: bool):
        super().__init__()
        self.cutoffs = (CUTOFF, second_cutoff)
        self.first_layer = NeighborListOptions(CUTOFF, full_list, True, "density")
        self.second_layer = NeighborListOptions(second_cutoff, full_list, True, "messages")

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        if self.first_layer == self.second_layer:
            return [self.first_layer]
        return [self.first_layer, self.second_layer]

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        system = systems[0]
        pairs = system.get_neighbor_list(self.first_layer)
        first = pairs.samples.column("first_atom").to(torch.int64)
        second = pairs.samples.column("second_atom").to(torch.int64)
        near = envelope(pairs.values.squeeze(-1).pow(2).sum(dim=1), self.cutoffs[0])
        density = torch.zeros(len(system), dtype=near.dtype, device=near.device).index_add(0, first, near)
        if not self.first_layer.full_list:
            density = density.index_add(0, second, near)

        pairs = system.get_neighbor_list(self.second_layer)
        first = pairs.samples.column("first_atom").to(torch.int64)
        second = pairs.samples.column("second_atom").to(torch.int64)
        shifts = pairs.samples.values[:, 2:].to(system.positions.dtype)
        vectors = system.positions[second] - system.positions[first] + shifts @ system.cell
        near = envelope(vectors.pow(2).sum(dim=1), self.cutoffs[1]) * 0.01
        energy = torch.zeros_like(density).index_add(0, first, near * density[second].sqrt())
        if not self.second_layer.full_list:
            energy = energy.index_add(0, second, near * density[first].sqrt())
        if selected_atoms is not None:
            energy = energy[selected_atoms.column("atom").to(torch.int64)]
        device = energy.device
        block = TensorBlock(
            energy.sum().reshape(1, 1),
            Labels("system", torch.zeros(1, 1, dtype=torch.int32, device=device)),
            torch.jit.annotate(List[Labels], []),
            Labels("energy", torch.zeros(1, 1, dtype=torch.int32, device=device)),
        )
        return {"energy": TensorMap(Labels("_", torch.zeros(1, 1, dtype=torch.int32, device=device)), [block])}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--output")
    parser.add_argument("--half-list", action="store_true")
    parser.add_argument("--second-cutoff", type=float, default=CUTOFF)
    arguments = parser.parse_args()
    capabilities = ModelCapabilities(
        outputs={"energy": ModelOutput(unit="eV", sample_kind="system")},
        atomic_types=[18],
        interaction_range=CUTOFF + arguments.second_cutoff,
        length_unit="angstrom",
        supported_devices=["cpu", "cuda"],
        dtype="float64",
    )
    module = MessagePassing(arguments.second_cutoff, not arguments.half_list)
    AtomisticModel(module.eval(), ModelMetadata(), capabilities).save(arguments.output)
