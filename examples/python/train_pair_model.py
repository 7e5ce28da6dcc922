# SPDX-License-Identifier: BSD-3-Clause
"""Trains a small neural network on energies and forces of argon, and saves it for engines.

Each atom is described by how many neighbors it has around several distances; a network of ``metatensor.torch.learn`` makes its
energy of that. The structures to learn from are crystals with random displacements, with energies and forces of
a Lennard-Jones potential that goes smoothly to zero; in real use they come from a file. Writes a model with

    python train_pair_model.py --output learned-argon.pt
"""

import argparse
import itertools
from typing import Dict, List, Optional

import torch

from energy_output import atoms_of_system, energy_output
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatensor.torch.learn import data, nn
from metatomic.torch import (
    AtomisticModel,
    ModelCapabilities,
    ModelEvaluationOptions,
    ModelMetadata,
    ModelOutput,
    NeighborListOptions,
    System,
    register_autograd_neighbors,
)


CUTOFF = 5.0  # Angstrom
NEIGHBOR_LIST = NeighborListOptions(CUTOFF, full_list=True, strict=True, requestor="learned pairs")
ARGON = 18


def switch(distances: torch.Tensor, cutoff: float) -> torch.Tensor:
    """From 1 to 0 over the last 1.5 Angstrom before the cutoff, with continuous first and second derivatives."""
    x = ((distances - cutoff + 1.5) / 1.5).clamp(0.0, 1.0)
    return 1.0 - x**3 * (10.0 - 15.0 * x + 6.0 * x**2)


class LearnedPairs(nn.Module):
    """Energies of atoms from a network on smooth numbers of neighbors."""

    def __init__(self, n_features: int = 16, n_hidden: int = 16):
        """
        :param n_features: number of distances around which neighbors are counted
        :param n_hidden: size of the hidden layer
        """
        super().__init__()
        self.request = NEIGHBOR_LIST
        self.register_buffer("centers", torch.linspace(2.8, CUTOFF, n_features, dtype=torch.float64))
        self.width = 2.4 / n_features
        self.n_features = n_features
        keys = Labels(["center_type"], torch.tensor([[ARGON]]))
        self.register_buffer("keys", keys)
        self.register_buffer("feature_labels", Labels.range("center", n_features))
        properties = [Labels(["energy"], torch.zeros(1, 1, dtype=torch.int32))]
        self.network = nn.Sequential(
            keys,
            nn.Linear(keys, n_features, n_hidden, dtype=torch.float64),
            nn.SiLU(keys),
            nn.Linear(keys, n_hidden, out_properties=properties, dtype=torch.float64),
        )

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        return [self.request]

    def features(self, system: System, index: int) -> TensorMap:
        """Smooth numbers of neighbors [n_atoms, n_features]."""
        pairs = system.get_neighbor_list(self.request)
        distances = pairs.values.squeeze(-1).square().sum(dim=1, keepdim=True).sqrt()
        counts = torch.exp(-0.5 * ((distances - self.centers) / self.width) ** 2) * switch(distances, self.request.cutoff)
        values = torch.zeros(len(system), self.n_features, dtype=counts.dtype, device=counts.device)
        values = 0.1 * values.index_add(0, pairs.samples.column("first_atom").to(torch.int64), counts)
        atoms = torch.arange(len(system), device=counts.device)
        rows = torch.stack([torch.full_like(atoms, index), atoms], dim=1)
        samples = Labels(["system", "atom"], rows.to(torch.int32), assume_unique=True)
        return TensorMap(self.keys, [TensorBlock(values, samples, [], self.feature_labels)])

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        if "energy" not in outputs:
            return {}
        per_atom = outputs["energy"].sample_kind == "atom"
        energies: List[torch.Tensor] = []
        for index, system in enumerate(systems):
            of_atoms = self.network(self.features(system, index)).block().values.squeeze(1)
            selected = atoms_of_system(selected_atoms, index, len(systems))
            if selected is not None:
                of_atoms = of_atoms.index_select(0, selected)
            energies.append(of_atoms if per_atom else of_atoms.sum().reshape(1))
        return {"energy": energy_output(energies, systems, per_atom, selected_atoms)}


def neighbors(positions: torch.Tensor, cell: torch.Tensor) -> TensorBlock:
    """All pairs closer than the cutoff, twice, in a periodic cube [3, 3] whose edge is more than twice the cutoff."""
    shifts = torch.tensor(list(itertools.product([-1, 0, 1], repeat=3)), dtype=positions.dtype)
    vectors = positions[None, :, None] - positions[:, None, None] + shifts @ cell
    distances = vectors.norm(dim=-1)
    first, second, shift = ((distances < CUTOFF) & (distances > 0)).nonzero(as_tuple=True)
    rows = torch.cat([first[:, None], second[:, None], shifts[shift].long()], dim=1).to(torch.int32)
    names = ["first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"]
    axes = Labels(["xyz"], torch.tensor([[0], [1], [2]]))
    values = vectors[first, second, shift].detach().unsqueeze(-1)
    return TensorBlock(values, Labels(names, rows), [axes], Labels(["distance"], torch.zeros(1, 1, dtype=torch.int32)))


def crystal(displacement: float, edge: float) -> System:
    """32 argon atoms, displaced at random, with their neighbor list."""
    basis = torch.tensor([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]], dtype=torch.float64) / 2
    cells = torch.tensor(list(itertools.product([0, 1], repeat=3)), dtype=torch.float64)
    positions = (edge * (cells[:, None] + basis)).reshape(-1, 3)
    positions += displacement * torch.randn(positions.shape, dtype=torch.float64)
    cell = 2 * edge * torch.eye(3, dtype=torch.float64)
    types = torch.full([len(positions)], ARGON, dtype=torch.int32)
    system = System(types, positions, cell, torch.ones(3, dtype=torch.bool))
    system.add_neighbor_list(NEIGHBOR_LIST, neighbors(positions, cell))
    return system


def with_gradients(system: System) -> System:
    """The same system, ready for one derivative with respect to its positions, also through the neighbor list."""
    pairs = system.get_neighbor_list(NEIGHBOR_LIST)
    pairs = TensorBlock(pairs.values.detach(), pairs.samples, pairs.components, pairs.properties)
    result = System(system.types, system.positions.detach().requires_grad_(), system.cell, system.pbc)
    register_autograd_neighbors(result, pairs)
    result.add_neighbor_list(NEIGHBOR_LIST, pairs)
    return result


def reference_energy(system: System) -> torch.Tensor:
    """Energy [1, 1] in eV of a Lennard-Jones potential that ends smoothly at the cutoff."""
    pairs = system.get_neighbor_list(NEIGHBOR_LIST)
    distances = pairs.values.squeeze(-1).norm(dim=1)
    inverse6 = (3.405 / distances) ** 6
    return (2.0 * 0.0103 * inverse6 * (inverse6 - 1.0) * switch(distances, CUTOFF)).sum().reshape(1, 1)


def forces_of(energy: torch.Tensor, systems: List[System], create_graph: bool = False) -> torch.Tensor:
    """Forces [n_atoms of all systems, 3] in eV/Angstrom."""
    positions = [system.positions for system in systems]
    gradients = torch.autograd.grad(energy.sum(), positions, create_graph=create_graph)
    return -torch.cat(gradients)


def make_dataset(n_structures: int) -> data.Dataset:
    """Structures from the cold crystal to a hot one, with energies [1, 1] and forces [32, 3]."""
    systems = [crystal(0.05 + 0.15 * i / n_structures, 5.15 + 0.2 * float(torch.rand([]))) for i in range(n_structures)]
    differentiable = [with_gradients(system) for system in systems]
    energies = [reference_energy(system) for system in differentiable]
    forces = [forces_of(energy, [system]) for energy, system in zip(energies, differentiable, strict=True)]
    return data.Dataset(system=systems, energy=[energy.detach() for energy in energies], forces=forces)


def train(model: LearnedPairs, dataset: data.Dataset, n_epochs: int) -> None:
    """Makes the squared errors of energies per atom and of forces small; the forces count most, as they are many."""
    outputs = {"energy": ModelOutput(unit="eV", sample_kind="system")}
    loader = data.DataLoader(dataset, batch_size=4, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_epochs)
    for epoch in range(n_epochs):
        total = 0.0
        for batch in loader:
            systems = [with_gradients(system) for system in batch.system]
            energies = model(systems, outputs, None)["energy"].block().values
            forces = forces_of(energies, systems, create_graph=True)
            loss = ((energies - batch.energy) / 32).square().mean() + (forces - batch.forces).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += float(loss.detach())
        schedule.step()
        if epoch % 10 == 9:
            print(f"epoch {epoch + 1}: loss {total / len(loader):.3g}")


def export(model: LearnedPairs) -> AtomisticModel:
    """The model ready to be run or saved."""
    capabilities = ModelCapabilities(
        outputs={"energy": ModelOutput(unit="eV", sample_kind="atom")},
        atomic_types=[ARGON],
        interaction_range=CUTOFF,
        length_unit="angstrom",
        supported_devices=["cuda", "cpu"],
        dtype="float64",
    )
    return AtomisticModel(model.eval(), ModelMetadata(name="learned argon"), capabilities)


def relative_error(model: AtomisticModel, dataset: data.Dataset) -> float:
    """Root mean square error of the forces, divided by that of the forces themselves."""
    outputs = {"energy": ModelOutput(unit="eV", sample_kind="system")}
    errors, sizes = 0.0, 0.0
    for sample in dataset:
        system = with_gradients(sample.system)
        energies = model([system], ModelEvaluationOptions("angstrom", outputs), True)["energy"].block().values
        errors += float((forces_of(energies, [system]) - sample.forces).square().sum())
        sizes += float(sample.forces.square().sum())
    return (errors / sizes) ** 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description="Trains a model for argon and writes it.")
    parser.add_argument("--output", default="learned-argon.pt", help="file to write")
    parser.add_argument("--structures", type=int, default=40, help="number of structures to learn from")
    parser.add_argument("--epochs", type=int, default=40, help="how often each of them is seen")
    arguments = parser.parse_args()

    torch.manual_seed(0)
    model = LearnedPairs()
    train(model, make_dataset(arguments.structures), arguments.epochs)
    exported = export(model)
    print(f"error of forces of other structures: {100 * relative_error(exported, make_dataset(10)):.1f} %")
    exported.save(arguments.output)
    print(f"wrote {arguments.output}")


if __name__ == "__main__":
    main()
