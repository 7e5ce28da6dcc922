# SPDX-License-Identifier: BSD-3-Clause
"""Neighbor lists of ``ase.Atoms``, kept from step to step while no atom has gone far."""

from typing import Any, Optional, Tuple

import ase
import ase.neighborlist
import numpy as np
import torch

from metatensor_torch import Labels, TensorBlock

from ._classes import NeighborListOptions, System, register_autograd_neighbors


try:
    import vesin
except ImportError:
    vesin = None

SAMPLE_NAMES = ["first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"]


def find_pairs(atoms: ase.Atoms, cutoff: float, full_list: bool) -> np.ndarray:
    """Rows (i, j, three cell shifts) [n_pairs, 5], int32, of all pairs within ``cutoff`` (Å)."""
    if vesin is not None:
        calculator = vesin.NeighborList(cutoff=cutoff, full_list=full_list)
        i, j, shifts = calculator.compute(
            points=atoms.positions, box=_cell_of(atoms), periodic=atoms.pbc.tolist(), quantities="ijS"
        )
    else:
        i, j, shifts = ase.neighborlist.primitive_neighbor_list(
            "ijS", atoms.pbc, atoms.cell.complete().array, atoms.positions, cutoff
        )
        if not full_list:  # of a pair and its opposite, keep one
            first = np.argmax(shifts != 0, axis=1)
            leading_shift = shifts[np.arange(len(shifts)), first]
            keep = (i < j) | ((i == j) & (leading_shift > 0))
            i, j, shifts = i[keep], j[keep], shifts[keep]
    return np.column_stack([i, j, shifts]).astype(np.int32).reshape(-1, 5)


def _cell_of(atoms: ase.Atoms) -> np.ndarray:
    """The cell, with zeros where it is not periodic."""
    return np.where(atoms.pbc[:, None], atoms.cell[:], 0.0)


class NeighborList:
    """The list that ``options`` ask for, with pairs that are searched again only if an atom has moved by half the skin."""

    def __init__(self, options: NeighborListOptions, skin: float):
        """
        :param options: what the model requests
        :param skin: how much farther than the cutoff pairs are searched, in Å
        """
        self._options = options
        self._cutoff = options.engine_cutoff("angstrom")
        self._skin = skin
        self._searched: Optional[Tuple[Any, ...]] = None
        self._rows = np.zeros((0, 5), dtype=np.int32)

    def add_to(self, system: System, atoms: ase.Atoms, check_consistency: bool = False) -> None:
        """Add the list of ``atoms`` to ``system``, differentiable with respect to its positions and cell.

        :param system: the same atoms as tensors, lengths in Å
        :param check_consistency: compare the vectors with positions and cell of ``system``?
        """
        if not self._is_valid(atoms):
            self._rows = find_pairs(atoms, self._cutoff + self._skin, self._options.full_list)
            self._searched = (atoms.positions.copy(), _cell_of(atoms), atoms.pbc.copy())

        rows = self._rows
        vectors = atoms.positions[rows[:, 1]] - atoms.positions[rows[:, 0]] + rows[:, 2:] @ _cell_of(atoms)
        if self._skin > 0:
            near = np.einsum("ij,ij->i", vectors, vectors) < self._cutoff**2
            rows, vectors = rows[near], vectors[near]
        dtype, device = system.positions.dtype, system.device
        block = TensorBlock(
            torch.from_numpy(vectors.reshape(-1, 3, 1)).to(dtype=dtype, device=device),
            Labels(SAMPLE_NAMES, torch.from_numpy(np.ascontiguousarray(rows)), assume_unique=True).to(device),
            [Labels("xyz", torch.arange(3, device=device).reshape(3, 1))],
            Labels("distance", torch.zeros(1, 1, dtype=torch.int32, device=device)),
        )
        register_autograd_neighbors(system, block, check_consistency)
        system.add_neighbor_list(self._options, block)

    def _is_valid(self, atoms: ase.Atoms) -> bool:
        if self._searched is None or self._skin <= 0:
            return False
        positions, cell, pbc = self._searched
        if positions.shape != atoms.positions.shape or not np.array_equal(pbc, atoms.pbc):
            return False
        if not np.array_equal(cell, _cell_of(atoms)):
            return False
        moved = atoms.positions - positions
        return float(np.einsum("ij,ij->i", moved, moved).max(initial=0.0)) < (0.5 * self._skin) ** 2
