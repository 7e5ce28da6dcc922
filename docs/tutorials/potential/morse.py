# SPDX-License-Identifier: BSD-3-Clause
"""A Morse potential for copper, saved as morse.pt."""

from typing import Dict, List, Optional

import torch

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import AtomisticModel, ModelCapabilities, ModelMetadata, ModelOutput, NeighborListOptions, System


class Morse(torch.nn.Module):
    """Energies of atoms, half of that of their pairs; energy and force of a pair go to zero at the cutoff."""

    def __init__(self, depth: float, width: float, distance: float, cutoff: float):
        super().__init__()
        self.depth, self.width, self.distance, self.cutoff = depth, width, distance, cutoff
        self.neighbors = NeighborListOptions(cutoff, full_list=False, strict=True)

        at_cutoff = torch.tensor(cutoff, dtype=torch.float64, requires_grad=True)
        energy = self.morse(at_cutoff)
        (slope,) = torch.autograd.grad(energy, at_cutoff)
        self.energy_at_cutoff, self.slope_at_cutoff = energy.item(), slope.item()

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        return [self.neighbors]

    def morse(self, r: torch.Tensor) -> torch.Tensor:
        x = torch.exp(-self.width * (r - self.distance))
        return self.depth * (x * x - 2.0 * x)

    def energies(self, system: System) -> torch.Tensor:
        """Energies [n_atoms] in eV."""
        pairs = system.get_neighbor_list(self.neighbors)
        r = torch.linalg.vector_norm(pairs.values.squeeze(-1), dim=1)
        of_pairs = self.morse(r) - self.energy_at_cutoff - (r - self.cutoff) * self.slope_at_cutoff
        of_atoms = torch.zeros(len(system), dtype=r.dtype, device=r.device)
        of_atoms = of_atoms.index_add(0, pairs.samples.column("first_atom"), 0.5 * of_pairs)
        return of_atoms.index_add(0, pairs.samples.column("second_atom"), 0.5 * of_pairs)

    def forward(
        self,
        systems: List[System],
        outputs: Dict[str, ModelOutput],
        selected_atoms: Optional[Labels],
    ) -> Dict[str, TensorMap]:
        results: Dict[str, TensorMap] = {}
        if "energy" not in outputs:
            return results

        values = torch.cat([self.energies(system) for system in systems]).reshape(-1, 1)
        rows: List[torch.Tensor] = []
        for i, system in enumerate(systems):
            atoms = torch.arange(len(system), dtype=torch.int32, device=values.device)
            rows.append(torch.stack([torch.full_like(atoms, i), atoms], dim=1))
        samples = Labels(["system", "atom"], torch.cat(rows))
        zero = torch.zeros(1, 1, dtype=torch.int32, device=values.device)
        block = TensorBlock(values, samples, [], Labels(["energy"], zero))
        energy = TensorMap(Labels(["_"], zero), [block])

        if selected_atoms is not None:
            energy = mts.slice(energy, "samples", selected_atoms)
        if outputs["energy"].sample_kind == "system":
            energy = mts.sum_over_samples(energy, ["atom"])
        results["energy"] = energy
        return results


if __name__ == "__main__":
    model = Morse(depth=0.3429, width=1.3588, distance=2.866, cutoff=6.0)
    capabilities = ModelCapabilities(
        outputs={"energy": ModelOutput(unit="eV", sample_kind="atom")},
        atomic_types=[29],
        interaction_range=6.0,
        length_unit="angstrom",
        supported_devices=["cuda", "cpu"],
        dtype="float64",
    )
    metadata = ModelMetadata(
        name="copper",
        description="Morse potential with the parameters of Girifalco and Weizer",
        references={"model": ["https://doi.org/10.1103/PhysRev.114.687"]},
    )
    AtomisticModel(model.eval(), metadata, capabilities).save("morse.pt")
