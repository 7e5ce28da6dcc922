# SPDX-License-Identifier: BSD-3-Clause
"""A model of silicon: smooth densities of neighbors in spherical harmonics, their invariants, a small network."""

from typing import Dict, List, Optional

import torch

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatensor.torch.learn import nn
from metatomic.torch import ModelOutput, NeighborListOptions, System


CUTOFF = 4.0  # Angstrom
NEIGHBORS = NeighborListOptions(CUTOFF, full_list=True, strict=True)
LAMBDA_MAX = 3


def radial_basis(r: torch.Tensor, centers: torch.Tensor, cutoff: float) -> torch.Tensor:
    """Gaussians [n_pairs, n_centers] of the distances [n_pairs, 1], which go smoothly to zero at the cutoff."""
    width = centers[1] - centers[0]
    return torch.exp(-0.5 * ((r - centers) / width) ** 2) * torch.cos(0.5 * torch.pi * r / cutoff) ** 2


def spherical_harmonics(vectors: torch.Tensor) -> List[torch.Tensor]:
    """For each degree up to 3, the real harmonics [n_pairs, 2 degree + 1] of unit vectors; the sum of squares is 1."""
    x, y, z = vectors[:, 0], vectors[:, 1], vectors[:, 2]
    s3, s6, s10, s15 = 3**0.5, 6**0.5, 10**0.5, 15**0.5
    return [
        torch.ones_like(x).unsqueeze(1),
        torch.stack([y, z, x], dim=1),
        s3 * torch.stack([x * y, y * z, (3 * z * z - 1) / (2 * s3), x * z, (x * x - y * y) / 2], dim=1),
        torch.stack(
            [
                s10 / 4 * y * (3 * x * x - y * y),
                s15 * x * y * z,
                s6 / 4 * y * (5 * z * z - 1),
                z * (5 * z * z - 3) / 2,
                s6 / 4 * x * (5 * z * z - 1),
                s15 / 2 * z * (x * x - y * y),
                s10 / 4 * x * (x * x - 3 * y * y),
            ],
            dim=1,
        ),
    ]


class Silicon(nn.Module):
    def __init__(self, n_radial: int = 8, n_channels: int = 8, n_hidden: int = 16):
        super().__init__()
        f64 = torch.float64
        self.request = NEIGHBORS
        self.n_radial = n_radial
        self.register_buffer("centers", torch.linspace(1.8, CUTOFF, n_radial, dtype=f64))
        self.register_buffer("energy_of_atom", torch.zeros([], dtype=f64))

        # one block for each degree: components o3_mu, properties n
        keys = Labels(["o3_lambda", "o3_sigma"], torch.tensor([[degree, 1] for degree in range(LAMBDA_MAX + 1)]))
        self.register_buffer("keys", keys)
        self.register_buffer("radial_labels", Labels.range("n", n_radial))
        # the same mixture of radial functions for all components of a degree: rotations do not change it
        self.mix = nn.EquivariantLinear(keys, n_radial, n_channels, bias=False, dtype=f64)

        single = Labels.single()
        n_invariants = n_channels * (LAMBDA_MAX + 2)
        self.register_buffer("single", single)
        self.register_buffer("invariant_labels", Labels.range("invariant", n_invariants))
        self.network = nn.Sequential(
            single,
            nn.Linear(single, n_invariants, n_hidden, dtype=f64),
            nn.SiLU(single),
            nn.Linear(single, n_hidden, out_properties=[Labels.range("energy", 1)], dtype=f64),
        )

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        return [self.request]

    def density(self, systems: List[System]) -> TensorMap:
        """For each degree the neighbors of all atoms, [n_atoms, 2 degree + 1, n_radial]."""
        vectors: List[torch.Tensor] = []
        centers: List[torch.Tensor] = []
        rows: List[torch.Tensor] = []
        n_atoms = 0
        for i, system in enumerate(systems):
            pairs = system.get_neighbor_list(self.request)
            vectors.append(pairs.values.squeeze(-1))
            centers.append(pairs.samples.column("first_atom") + n_atoms)
            atoms = torch.arange(len(system), dtype=torch.int32, device=system.device)
            rows.append(torch.stack([torch.full_like(atoms, i), atoms], dim=1))
            n_atoms += len(system)
        samples = Labels(["system", "atom"], torch.cat(rows), assume_unique=True)

        vector = torch.cat(vectors)
        center = torch.cat(centers)
        r = vector.square().sum(dim=1, keepdim=True).sqrt()
        radial = radial_basis(r, self.centers, self.request.cutoff).unsqueeze(1)
        blocks: List[TensorBlock] = []
        for degree, harmonics in enumerate(spherical_harmonics(vector / r)):
            zeros = torch.zeros(n_atoms, 2 * degree + 1, self.n_radial, dtype=r.dtype, device=r.device)
            values = zeros.index_add(0, center, harmonics.unsqueeze(2) * radial)
            mu = torch.arange(-degree, degree + 1, dtype=torch.int32, device=r.device).unsqueeze(1)
            components = [Labels(["o3_mu"], mu)]
            blocks.append(TensorBlock(values, samples, components, self.radial_labels))
        return TensorMap(self.keys, blocks)

    def invariants(self, density: TensorMap) -> TensorMap:
        """What no rotation changes: the block of degree 0, and for each degree the squares, summed over the components."""
        values = [density[0].values.squeeze(1)]
        for block in density.blocks():
            values.append(block.values.square().sum(dim=1))
        block = TensorBlock(torch.cat(values, dim=1), density[0].samples, [], self.invariant_labels)
        return TensorMap(self.single, [block])

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        results: Dict[str, TensorMap] = {}
        if "energy" not in outputs:
            return results
        energy = mts.add(self.network(self.invariants(self.mix(self.density(systems)))), float(self.energy_of_atom))
        if selected_atoms is not None:
            energy = mts.slice(energy, "samples", selected_atoms)
        if outputs["energy"].sample_kind == "system":
            energy = mts.sum_over_samples(energy, ["atom"])
        results["energy"] = energy
        return results
