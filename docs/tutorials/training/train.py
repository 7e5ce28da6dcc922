# SPDX-License-Identifier: BSD-3-Clause
"""Trains the model of silicon.py on the frames of silicon.xyz: writes silicon.pt, and parity.txt for the picture."""

import re
from typing import List, Tuple

import numpy as np
import torch

from metatensor.torch import Labels, TensorBlock
from metatensor.torch.learn import data
from metatomic.torch import AtomisticModel, ModelCapabilities, ModelMetadata, ModelOutput, System, register_autograd_neighbors
from silicon import CUTOFF, NEIGHBORS, Silicon


N_ATOMS = 64
EDGE = 2 * 5.431  # of the cubic box in Angstrom
OUTPUTS = {"energy": ModelOutput(unit="eV", sample_kind="system")}


def read_frames(path: str) -> Tuple[List[System], torch.Tensor, torch.Tensor]:
    """Systems, energies [n_frames, 1] and forces [n_frames, 64, 3] of a file in extended XYZ format.

    A frame is a line with the number of atoms, one with the energy, and one for each atom: its name, position and force.
    """
    lines = open(path).read().splitlines()
    energies = [float(re.search(r"Potential_energy=(\S+)", line)[1]) for line in lines[1 :: 2 + N_ATOMS]]
    rows = [line for i, line in enumerate(lines) if i % (2 + N_ATOMS) >= 2]
    frames = torch.tensor(np.loadtxt(rows, usecols=range(1, 7))).reshape(-1, N_ATOMS, 6)
    systems = [make_system(positions) for positions in frames[:, :, :3]]
    return systems, torch.tensor(energies, dtype=torch.float64).reshape(-1, 1), frames[:, :, 3:].contiguous()


def make_system(positions: torch.Tensor) -> System:
    cell = EDGE * torch.eye(3, dtype=torch.float64)
    types = torch.full([N_ATOMS], 14, dtype=torch.int32)
    system = System(types, positions.clone(), cell, torch.tensor([True, True, True]))
    system.add_neighbor_list(NEIGHBORS, neighbors(system.positions))
    return system


def neighbors(positions: torch.Tensor) -> TensorBlock:
    """All pairs within the cutoff, each twice. The box is larger than twice the cutoff: only the nearest images count."""
    vectors = positions[None, :] - positions[:, None]
    shifts = -torch.round(vectors / EDGE)
    vectors += EDGE * shifts
    distances = vectors.norm(dim=-1)
    first, second = ((distances < CUTOFF) & (distances > 0)).nonzero(as_tuple=True)
    rows = torch.cat([first[:, None], second[:, None], shifts[first, second].long()], dim=1).to(torch.int32)
    names = ["first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"]
    xyz = [Labels.range("xyz", 3)]
    return TensorBlock(vectors[first, second].unsqueeze(-1), Labels(names, rows), xyz, Labels.range("distance", 1))


def differentiable(system: System) -> System:
    """The same system, ready for one derivative with respect to its positions, also through the neighbor list."""
    pairs = system.get_neighbor_list(NEIGHBORS)
    pairs = TensorBlock(pairs.values.detach(), pairs.samples, pairs.components, pairs.properties)
    result = System(system.types, system.positions.detach().requires_grad_(), system.cell, system.pbc)
    register_autograd_neighbors(result, pairs)
    result.add_neighbor_list(NEIGHBORS, pairs)
    return result


def energies_and_forces(model: Silicon, systems: List[System], create_graph: bool) -> Tuple[torch.Tensor, torch.Tensor]:
    """Energies [n_systems, 1] in eV, forces [n_systems, 64, 3] in eV/Angstrom."""
    systems = [differentiable(system) for system in systems]
    energies = model(systems, OUTPUTS, None)["energy"].block().values
    gradients = torch.autograd.grad(energies.sum(), [system.positions for system in systems], create_graph=create_graph)
    return energies, -torch.stack(gradients)


def train(model: Silicon, dataset: data.Dataset, n_epochs: int) -> None:
    """Makes the squared errors of energies per atom and of forces small."""
    loader = data.DataLoader(dataset, batch_size=4, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_epochs)
    for epoch in range(n_epochs):
        total = 0.0
        for batch in loader:
            energies, forces = energies_and_forces(model, batch.system, create_graph=True)
            loss_of_energies = ((energies - batch.energy) / N_ATOMS).square().mean()
            loss = 100.0 * loss_of_energies + (forces - batch.forces).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        schedule.step()
        if (epoch + 1) % 10 == 0:
            print(f"epoch {epoch + 1}: loss {total / len(loader):.3g}")


def export(model: Silicon, path: str) -> None:
    capabilities = ModelCapabilities(
        outputs={"energy": ModelOutput(unit="eV", sample_kind="atom")},
        atomic_types=[14],
        interaction_range=CUTOFF,
        length_unit="angstrom",
        supported_devices=["cuda", "cpu"],
        dtype="float64",
    )
    AtomisticModel(model.eval(), ModelMetadata(name="silicon, learned"), capabilities).save(path)


if __name__ == "__main__":
    torch.manual_seed(0)
    systems, energies, forces = read_frames("silicon.xyz")
    for_tests = range(0, len(systems), 4)
    for_training = [i for i in range(len(systems)) if i not in for_tests]

    model = Silicon()
    model.energy_of_atom.fill_(energies[for_training].mean() / N_ATOMS)
    fields = {
        "system": [systems[i] for i in for_training],
        "energy": [energies[i : i + 1] for i in for_training],
        "forces": [forces[i : i + 1] for i in for_training],
    }
    train(model, data.Dataset(**fields), n_epochs=40)
    export(model, "silicon.pt")

    tested = [systems[i] for i in for_tests]
    _, predicted = energies_and_forces(model, tested, create_graph=False)
    expected = forces[list(for_tests)]
    error = (predicted - expected).square().mean().sqrt() / expected.square().mean().sqrt()
    print(f"error of forces of frames that were left out: {100 * error.item():.1f} %")
    np.savetxt("parity.txt", torch.stack([expected.flatten(), predicted.flatten()], dim=1))
