# SPDX-License-Identifier: BSD-3-Clause
"""Features of atoms and energies of small clusters, in features.mts and energies.mts, for before.py and after.py."""

import torch

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap


N_SYSTEMS, N_ATOMS = 200, 6
CENTERS = torch.linspace(1.0, 4.5, 8, dtype=torch.float64)  # of the radial functions, in Angstrom
WELLS = {(1, 1): 0.02, (1, 8): 0.3, (8, 1): 0.3, (8, 8): 0.1}  # of the pairs, in eV

torch.manual_seed(0)
features = {key: [] for key in WELLS}
rows = {key: [] for key in WELLS}
energies = []
for system in range(N_SYSTEMS):
    types = [1, 8, 1, 8, 1, 1]
    grid = torch.cartesian_prod(torch.arange(2), torch.arange(2), torch.arange(2))[:N_ATOMS]
    positions = 1.8 * grid + 0.2 * torch.randn(N_ATOMS, 3, dtype=torch.float64)
    distances = torch.cdist(positions, positions)
    energy = 0.0
    for i in range(N_ATOMS):
        for key in [(types[i], 1), (types[i], 8)]:
            near = torch.tensor([j for j in range(N_ATOMS) if j != i and types[j] == key[1]])
            r = distances[i, near].unsqueeze(1)
            features[key].append(torch.exp(-2.0 * (r - CENTERS) ** 2).sum(dim=0))
            rows[key].append([system, i])
            energy += 0.5 * WELLS[key] * ((1.0 - torch.exp(-1.5 * (r - 1.8))) ** 2 - 1.0).sum()
    energies.append([energy])

blocks = [
    TensorBlock(torch.stack(features[key]), Labels(["system", "atom"], torch.tensor(rows[key])), [], Labels.range("n", 8))
    for key in WELLS
]
mts.save("features.mts", TensorMap(Labels(["center_type", "neighbor_type"], torch.tensor(list(WELLS))), blocks))
block = TensorBlock(torch.tensor(energies), Labels.range("system", N_SYSTEMS), [], Labels.range("energy", 1))
mts.save("energies.mts", TensorMap(Labels.single(), [block]))
