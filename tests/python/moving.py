# SPDX-License-Identifier: BSD-3-Clause
"""Systems whose atoms have masses and velocities; runs with the other implementation, too."""

import torch
from atoms import make_system
from example_models import DIAMOND, perturbed

from metatensor.torch import Labels, TensorBlock, TensorMap


#: a cell that is much smaller than the cutoff
SMALL_SILICON = perturbed(5.4, DIAMOND, [14] * 8, 0.2)


def of_atoms(name, values, unit):
    n_atoms = len(values)
    samples = Labels(["system", "atom"], torch.tensor([[0, i] for i in range(n_atoms)], dtype=torch.int32).reshape(-1, 2))
    xyz = [Labels("xyz", torch.arange(3).reshape(3, 1))] if values.dim() == 2 else []
    block = TensorBlock(values[..., None], samples, xyz, Labels(name, torch.tensor([[0]])))
    data = TensorMap(Labels("_", torch.tensor([[0]])), [block])
    data.set_info("unit", unit)
    return data


def motion(n_atoms):
    """Velocities in A/fs, and masses in u."""
    generator = torch.Generator().manual_seed(4)
    velocities = 0.01 * torch.randn(n_atoms, 3, generator=generator, dtype=torch.float64)
    return velocities, 40 * torch.rand(n_atoms, generator=generator, dtype=torch.float64)


def moving_system(model, atoms, velocities, masses):
    system = make_system(atoms, model.requested_neighbor_lists())
    system.add_data("velocity", of_atoms("velocity", velocities, "A/fs"))
    system.add_data("mass", of_atoms("mass", masses, "u"))
    return system


def moving_silicon(model):
    return moving_system(model, SMALL_SILICON, *motion(8))
