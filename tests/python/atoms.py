# SPDX-License-Identifier: BSD-3-Clause
"""Systems with neighbor lists from a search through all pairs, and what models say about them."""

import itertools
from typing import List, NamedTuple, Optional

import torch

from metatensor.torch import Labels, TensorBlock
from metatomic.torch import (
    ModelEvaluationOptions,
    ModelOutput,
    NeighborListOptions,
    System,
    register_autograd_neighbors,
)


PAIR_NAMES = ["first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"]


class Structure(NamedTuple):
    """Atoms in float64; without a cell, they are not periodic."""

    types: List[int]
    positions: torch.Tensor
    cell: torch.Tensor = torch.zeros(3, 3, dtype=torch.float64)

    def pbc(self) -> torch.Tensor:
        return (self.cell != 0).any(dim=1)


def structure(types, positions, cell=None) -> Structure:
    positions = torch.as_tensor(positions, dtype=torch.float64)
    cell = torch.zeros(3, 3) if cell is None else torch.as_tensor(cell)
    return Structure(list(types), positions, cell.to(torch.float64))


def pair_rows(atoms: Structure, cutoff: float, full_list: bool) -> torch.Tensor:
    """Rows (i, j, shifts) of all pairs closer than the cutoff, sorted by i; a half list has each once."""
    reach = [range(-2, 3) if periodic else [0] for periodic in atoms.pbc().tolist()]
    shifts = torch.tensor(list(itertools.product(*reach)), dtype=torch.float64)
    # [i, j, shift, xyz]
    vectors = atoms.positions[None, :, None] - atoms.positions[:, None, None] + shifts @ atoms.cell
    rows = (vectors.norm(dim=-1) < cutoff).nonzero()
    i, j, shifts = rows[:, 0], rows[:, 1], shifts[rows[:, 2]].long()
    # a shift and its opposite give the same pair: `after` is true for one of them
    after = (shifts @ torch.tensor([100, 10, 1])) > 0
    is_pair = (i != j) | (shifts != 0).any(dim=1)
    if not full_list:
        is_pair &= (i < j) | ((i == j) & after)
    return torch.cat([i[:, None], j[:, None], shifts], dim=1)[is_pair].int()


def neighbors(atoms: Structure, rows: torch.Tensor, dtype: torch.dtype) -> TensorBlock:
    i, j, shifts = rows[:, 0].long(), rows[:, 1].long(), rows[:, 2:].double()
    vectors = atoms.positions[j] - atoms.positions[i] + shifts @ atoms.cell
    return TensorBlock(
        vectors.detach().to(dtype).reshape(-1, 3, 1),
        Labels(PAIR_NAMES, rows),
        [Labels("xyz", torch.arange(3).reshape(3, 1))],
        Labels("distance", torch.zeros(1, 1, dtype=torch.int32)),
    )


def make_system(
    atoms: Structure,
    requests: List[NeighborListOptions],
    dtype: torch.dtype = torch.float64,
    order: Optional[torch.Tensor] = None,
    differentiable: bool = False,
) -> System:
    """A system with neighbor lists; ``order`` permutes the pairs."""
    system = System(
        torch.tensor(atoms.types, dtype=torch.int32),
        atoms.positions.detach().to(dtype).requires_grad_(differentiable),
        atoms.cell.to(dtype),
        atoms.pbc(),
    )
    for request in requests:
        rows = pair_rows(atoms, request.cutoff, request.full_list)
        block = neighbors(atoms, rows if order is None else rows[order], dtype)
        if differentiable:
            register_autograd_neighbors(system, block)
        system.add_neighbor_list(request, block)
    return system


def evaluate(model, systems: List[System], kind: str = "system", selected=None, unit: str = "eV"):
    """The output ``energy`` as a block, with all checks."""
    if selected is not None:
        selected = Labels(["system", "atom"], torch.as_tensor(selected, dtype=torch.int32).reshape(-1, 2))
    outputs = {"energy": ModelOutput(unit=unit, sample_kind=kind)}
    options = ModelEvaluationOptions("angstrom", outputs, selected)
    return model(systems, options, True)["energy"].block()


def energies(model, atoms: Structure, kind: str = "system", selected=None, **options) -> torch.Tensor:
    """Energy [] of a structure, or energies [n_atoms]."""
    dtype = getattr(torch, model.capabilities().dtype)
    system = make_system(atoms, model.requested_neighbor_lists(), dtype, **options)
    values = evaluate(model, [system], kind, selected).values[:, 0]
    return values[0] if kind == "system" else values


def forces(model, atoms: Structure) -> torch.Tensor:
    """Minus the derivative of the energy with respect to positions, by autograd."""
    dtype = getattr(torch, model.capabilities().dtype)
    system = make_system(atoms, model.requested_neighbor_lists(), dtype, differentiable=True)
    energy = evaluate(model, [system]).values.sum()
    return -torch.autograd.grad(energy, system.positions)[0]


def forces_by_differences(model, atoms: Structure, step: float = 1e-4) -> torch.Tensor:
    """The same by central differences of the energy."""
    result = torch.zeros_like(atoms.positions)
    for atom, axis in itertools.product(range(len(atoms.types)), range(3)):
        ends = []
        for sign in [1, -1]:
            positions = atoms.positions.clone()
            positions[atom, axis] += sign * step
            ends.append(energies(model, atoms._replace(positions=positions)))
        result[atom, axis] = (ends[1] - ends[0]) / (2 * step)
    return result
