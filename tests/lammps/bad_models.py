# SPDX-License-Identifier: BSD-3-Clause
"""Models that do something wrong or unusual, one way each: `python bad_models.py KIND FILE`."""

import sys
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


class Bad(torch.nn.Module):
    """Energy: the sum of all distances, but for what `kind` does to it."""

    def __init__(self, kind: str):
        super().__init__()
        self.kind = kind
        self.request = NeighborListOptions(4.0, True, True, "bad")

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        return [self.request]

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        system = systems[0]
        vectors = system.get_neighbor_list(self.request).values
        energy = vectors.pow(2).sum(1).sqrt().sum()
        name, sample, rows, columns = "energy", 0, 1, 1
        sample_name = "system"
        if self.kind == "talks":  # this is fine
            print("the model was called")
        elif self.kind == "counts":  # so is this
            print(len(system), "atoms in the system")
        elif self.kind == "throws":
            raise ValueError("this model throws on purpose")
        elif self.kind == "throws_in_low_places":  # those of the first rank
            if selected_atoms is None or bool((system.positions[selected_atoms.column("atom"), 2] < 1.0).any()):
                raise ValueError("this model throws in low places")
        elif self.kind == "throws_in_high_places":  # those of the last rank
            if selected_atoms is None or bool((system.positions[selected_atoms.column("atom"), 2] > 9.0).any()):
                raise ValueError("this model throws in high places")
        elif self.kind == "nan":
            energy = energy * float("nan")
        elif self.kind == "nan_forces":  # sqrt'(0) is infinite
            energy = energy + (vectors * 0.0).sqrt().sum()
        elif self.kind == "positions":  # this is fine
            energy = energy + 0.1 * system.positions.pow(2).sum()
        elif self.kind == "no_gradient":
            energy = energy.detach()
        elif self.kind == "missing":
            return {}
        elif self.kind == "sample_name":
            sample_name = "structure"
        elif self.kind == "sample_value":
            sample = 3
        elif self.kind == "too_many_samples":
            rows = 2
        elif self.kind == "too_many_properties":
            columns = 2
        samples = Labels(sample_name, sample + torch.arange(rows, device=vectors.device).reshape(-1, 1))
        properties = Labels("energy", torch.arange(columns, device=vectors.device).reshape(-1, 1))
        values = energy.reshape(1, 1).expand(rows, columns)
        block = TensorBlock(values, samples, torch.jit.annotate(List[Labels], []), properties)
        blocks = [block, block.copy()] if self.kind == "two_blocks" else [block]
        return {name: TensorMap(Labels("_", torch.arange(len(blocks), device=vectors.device).reshape(-1, 1)), blocks)}


class NeedsCharges(Bad):
    def requested_inputs(self) -> Dict[str, ModelOutput]:
        return {"charge": ModelOutput(unit="e", sample_kind="atom")}


class Strided(Bad):
    """Energies of atoms, every other element of an array: this is fine, and the sum is the energy of the others."""

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        pairs = systems[0].get_neighbor_list(self.request)
        distances = pairs.values.pow(2).sum(1).sqrt()
        by_atom = torch.zeros(len(systems[0]), 1, dtype=distances.dtype, device=distances.device)
        by_atom = by_atom.index_add(0, pairs.samples.column("first_atom").to(torch.int64), distances)
        samples = torch.zeros(len(systems[0]), 2, dtype=torch.int32, device=distances.device)
        samples[:, 1] = torch.arange(len(systems[0]), device=distances.device)
        zero = torch.zeros(1, 1, dtype=torch.int32, device=distances.device)
        if outputs["energy"].sample_kind == "atom":
            values = torch.hstack([by_atom, torch.full_like(by_atom, 1e9)])[:, :1]
            labels = Labels(["system", "atom"], samples)
        else:
            values = by_atom.sum().reshape(1, 1)
            labels = Labels("system", zero)
        block = TensorBlock(values, labels, torch.jit.annotate(List[Labels], []), Labels("energy", zero))
        return {"energy": TensorMap(Labels("_", zero), [block])}


KINDS = {"needs_charges": NeedsCharges, "strided": Strided}


def main():
    kind, path = sys.argv[1:]
    module = KINDS.get(kind, Bad)(kind)
    output = "feature" if kind == "no_energy" else "energy"
    infinite = kind == "infinite_range"
    capabilities = ModelCapabilities(
        outputs={output: ModelOutput(unit="" if output == "feature" else "eV", sample_kind="atom" if kind == "strided" else "system")},
        atomic_types=[18],
        interaction_range=float("inf") if infinite else 4.0,
        length_unit="angstrom",
        supported_devices=["cuda"] if kind == "only_cuda" else ["cpu", "cuda"],
        dtype="float64",
    )
    AtomisticModel(module.eval(), ModelMetadata(), capabilities).save(path)


if __name__ == "__main__":
    main()
