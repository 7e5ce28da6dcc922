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


class MessagePassing(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.request = NeighborListOptions(CUTOFF, True, True, "message passing")

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        return [self.request]

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        system = systems[0]
        pairs = system.get_neighbor_list(self.request)
        first = pairs.samples.column("first_atom").to(torch.int64)
        second = pairs.samples.column("second_atom").to(torch.int64)
        shifts = pairs.samples.values[:, 2:].to(system.positions.dtype)
        squares = pairs.values.squeeze(-1).pow(2).sum(dim=1)
        envelope = (1.0 - squares / 4.5**2).clamp(min=0.0).pow(3)
        density = torch.zeros(len(system), dtype=squares.dtype, device=squares.device).index_add(0, first, envelope)

        vectors = system.positions[second] - system.positions[first] + shifts @ system.cell
        messages = (1.0 - vectors.pow(2).sum(dim=1) / 4.5**2).clamp(min=0.0).pow(3) * density[second].sqrt()
        energy = torch.zeros_like(density).index_add(0, first, messages) * 0.01
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
    capabilities = ModelCapabilities(
        outputs={"energy": ModelOutput(unit="eV", sample_kind="system")},
        atomic_types=[18],
        interaction_range=2 * CUTOFF,
        length_unit="angstrom",
        supported_devices=["cpu", "cuda"],
        dtype="float64",
    )
    model = AtomisticModel(MessagePassing().eval(), ModelMetadata(), capabilities)
    model.save(parser.parse_args().output)
