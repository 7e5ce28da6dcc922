# SPDX-License-Identifier: BSD-3-Clause
"""Cases of the atomistic models: what is around a model that does nothing itself, files, units. See cases.py."""

import pathlib
import sys
import tempfile
from typing import Dict, List, Optional

import torch
from cases import case

from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import (
    AtomisticModel,
    ModelCapabilities,
    ModelEvaluationOptions,
    ModelMetadata,
    ModelOutput,
    NeighborListOptions,
    System,
    load_atomistic_model,
    register_autograd_neighbors,
    unit_conversion_factor,
)


sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "examples" / "python"))
from lennard_jones import lennard_jones_model  # noqa: E402


PAIR_NAMES = ["first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"]
N_ATOMS = 100


class Constant(torch.nn.Module):
    """Gives what it was made with."""

    def __init__(self, n_systems: int):
        super().__init__()
        self.request = NeighborListOptions(2.0, True, True)
        block = TensorBlock(
            torch.zeros(n_systems, 1, dtype=torch.float64),
            Labels("system", torch.arange(n_systems).reshape(-1, 1)),
            [],
            Labels("energy", torch.tensor([[0]])),
        )
        self.energy = TensorMap(Labels("_", torch.tensor([[0]])), [block])

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        return [self.request]

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        return {"energy": self.energy}


def atomistic(n_systems: int = 1) -> AtomisticModel:
    capabilities = ModelCapabilities(
        outputs={"energy": ModelOutput(unit="eV")},
        atomic_types=[1, 8],
        interaction_range=2.0,
        length_unit="angstrom",
        supported_devices=["cpu"],
        dtype="float64",
    )
    return AtomisticModel(Constant(n_systems).eval(), ModelMetadata(), capabilities)


def system(n_pairs: int, request: NeighborListOptions) -> System:
    zeros = torch.zeros(3, 3, dtype=torch.float64)
    types = torch.tensor([1, 8] * (N_ATOMS // 2), dtype=torch.int32)
    result = System(types, torch.rand(N_ATOMS, 3, dtype=torch.float64), zeros, torch.zeros(3, dtype=torch.bool))
    rows = torch.zeros(n_pairs, 5, dtype=torch.int32)
    rows[:, 0] = torch.arange(n_pairs) % N_ATOMS
    rows[:, 2] = torch.arange(n_pairs) // N_ATOMS
    pairs = TensorBlock(
        torch.rand(n_pairs, 3, 1, dtype=torch.float64),
        Labels(PAIR_NAMES, rows),
        [Labels("xyz", torch.arange(3).reshape(3, 1))],
        Labels("distance", torch.tensor([[0]])),
    )
    result.add_neighbor_list(request, pairs)
    return result


def register(n_systems: int, n_pairs: int, length_unit: str, check: bool) -> None:
    units = "" if length_unit == "angstrom" else f", lengths in {length_unit}"
    name = f"{n_systems} x {n_pairs} pairs{units}{', checked' if check else ''}"

    def arguments():
        model = atomistic(n_systems)
        systems = [system(n_pairs, model.requested_neighbor_lists()[0]) for _ in range(n_systems)]
        options = ModelEvaluationOptions(length_unit, {"energy": ModelOutput(unit="eV")}, None)
        return model, systems, options

    @case("model", name + ", eager")
    def _():
        model, systems, options = arguments()
        return (lambda: model(systems, options, check)), ()

    @case("model", name + ", scripted")
    def _():
        model, systems, options = arguments()
        scripted = torch.jit.script(model)
        return (lambda: scripted(systems, options, check)), ()


@case("model", "bare module, scripted")
def _():
    bare = torch.jit.script(Constant(1).eval())
    systems = [system(10, NeighborListOptions(2.0, True, True))]
    return (lambda: bare(systems, {"energy": ModelOutput(unit="eV")}, None)), ()


for _n_systems, _n_pairs in [(1, 10), (1, 1000), (10, 1000), (1, 100_000)]:
    for _check in [False, True]:
        register(_n_systems, _n_pairs, "angstrom", _check)
register(1, 1000, "nm", False)


def crystal(n_pairs: int):
    """Types, positions, cell and pbc of 1,000 argon atoms on a grid, and the first of all pairs of two of them."""
    steps = torch.arange(10, dtype=torch.float64)
    positions = 3.7 * torch.cartesian_prod(steps, steps, steps)
    atoms = torch.arange(len(positions))
    pairs = torch.cartesian_prod(atoms, atoms)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]][:n_pairs]
    rows = torch.cat([pairs, torch.zeros(n_pairs, 3, dtype=torch.int64)], dim=1).to(torch.int32)
    types = torch.full([len(positions)], 18, dtype=torch.int32)
    vectors = (positions[pairs[:, 1]] - positions[pairs[:, 0]]).unsqueeze(-1)
    return types, positions, torch.zeros(3, 3, dtype=torch.float64), torch.zeros(3, dtype=torch.bool), rows, vectors


def register_lennard_jones(n_pairs: int, check: bool) -> None:
    """A step of an engine with a real model: its system and list, energy and forces; all of it checked, or nothing."""

    @case("Lennard-Jones", f"energy and forces, {n_pairs} pairs{', checked' if check else ''}, scripted")
    def _():
        model = torch.jit.script(lennard_jones_model([18], [3.405], [0.0103], 8.5))
        request = model.requested_neighbor_lists()[0]
        options = ModelEvaluationOptions("angstrom", {"energy": ModelOutput(unit="eV")}, None)
        types, positions, cell, pbc, rows, vectors = crystal(n_pairs)
        samples = Labels(PAIR_NAMES, rows)
        xyz = [Labels("xyz", torch.arange(3).reshape(3, 1))]
        distance = Labels("distance", torch.tensor([[0]]))

        def step():
            leaf = positions.clone().requires_grad_(True)
            atoms = System(types, leaf, cell, pbc)
            pairs = TensorBlock(vectors.clone(), samples, xyz, distance)
            register_autograd_neighbors(atoms, pairs, check_consistency=check)
            atoms.add_neighbor_list(request, pairs)
            energy = model([atoms], options, check)["energy"].block().values
            return torch.autograd.grad(energy.sum(), leaf)

        return step, ()


for _n_pairs in [1000, 100_000]:
    for _check in [False, True]:
        register_lennard_jones(_n_pairs, _check)


@case("files", "load_atomistic_model")
def _():
    path = pathlib.Path(tempfile.mkdtemp()) / "model.pt"
    atomistic().save(str(path))
    return load_atomistic_model, (str(path),)


def convert(from_unit: str, to_unit: str) -> float:
    return unit_conversion_factor(from_unit, to_unit)


@case("units", "kJ/mol/A to eV/nm")
def _():
    return convert, ("kJ/mol/A", "eV/nm")


@case("units", "eV to kcal/mol")
def _():
    return convert, ("eV", "kcal/mol")
