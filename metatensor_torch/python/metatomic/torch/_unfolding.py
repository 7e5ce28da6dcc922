# SPDX-License-Identifier: BSD-3-Clause
"""Periodic systems as clusters: the atoms of the cell, and those images of them that these can feel."""

from typing import List, NamedTuple

import torch

from metatensor_torch import Labels, TensorBlock, TensorMap

from ._classes import NeighborListOptions, System
from ._info import with_info


class Images(NamedTuple):
    """Atoms of the cell and images of them; those of the cell come first, in their order."""

    #: [n_images] which atom of the cell it is
    atoms: torch.Tensor
    #: [n_images, 3] by how many cell vectors it is displaced, as integers
    shifts: torch.Tensor
    #: [n_images] one number for each, sorted, and where in the two above it is
    codes: torch.Tensor
    order: torch.Tensor
    #: the largest displacement that codes can tell apart
    reach: int


def _codes(atoms: torch.Tensor, shifts: torch.Tensor, n_atoms: int, reach: int) -> torch.Tensor:
    base = 2 * reach + 1
    digits = shifts + reach
    return ((digits[:, 0] * base + digits[:, 1]) * base + digits[:, 2]) * n_atoms + atoms


def images_within(system: System, hops: int) -> Images:
    """All images that can be reached from the cell by so many pairs of the neighbor lists, one after the other."""
    n_atoms = len(system)
    device = system.device
    pairs: List[torch.Tensor] = [torch.zeros(0, 5, dtype=torch.int64, device=device)]
    for request in system.known_neighbor_lists():
        rows = system.get_neighbor_list(request).samples.values.to(torch.int64)
        pairs.append(rows)
        pairs.append(torch.cat([rows[:, 1:2], rows[:, 0:1], -rows[:, 2:]], dim=1))
    rows = torch.unique(torch.cat(pairs), dim=0)  # sorted by the first atom
    largest = int(rows[:, 2:].abs().max()) if rows.shape[0] > 0 else 0
    reach = hops * largest

    atoms = torch.arange(n_atoms, device=device)
    shifts = torch.zeros(n_atoms, 3, dtype=torch.int64, device=device)
    codes = _codes(atoms, shifts, n_atoms, reach)
    for _ in range(hops):
        images, steps = combinations(atoms, rows[:, 0], n_atoms)
        next_codes = _codes(rows[steps, 1], shifts[images] + rows[steps, 2:], n_atoms, reach)
        next_codes = torch.unique(torch.cat([codes, next_codes]))
        if next_codes.shape[0] == codes.shape[0]:
            break
        codes = next_codes
        atoms, shifts = _atoms_and_shifts(codes, n_atoms, reach)

    in_cell = (shifts == 0).all(dim=1)
    order = torch.cat([in_cell.nonzero()[:, 0], in_cell.logical_not().nonzero()[:, 0]])
    place = torch.empty_like(order)
    place[order] = torch.arange(order.shape[0], device=device)
    return Images(atoms[order], shifts[order], codes, place, reach)


def _atoms_and_shifts(codes: torch.Tensor, n_atoms: int, reach: int):
    base = 2 * reach + 1
    cells = torch.div(codes, n_atoms, rounding_mode="floor")
    a = torch.div(cells, base * base, rounding_mode="floor")
    b = torch.remainder(torch.div(cells, base, rounding_mode="floor"), base)
    c = torch.remainder(cells, base)
    return torch.remainder(codes, n_atoms), torch.stack([a, b, c], dim=1) - reach


def combinations(atoms: torch.Tensor, first_atoms: torch.Tensor, n_atoms: int):
    """Each place in ``atoms`` with each place in ``first_atoms`` [sorted] that has the same atom, as two lists."""
    counts = torch.bincount(first_atoms, minlength=n_atoms)
    starts = torch.cumsum(counts, 0) - counts
    repeats = counts[atoms]
    places = torch.repeat_interleave(torch.arange(atoms.shape[0], device=atoms.device), repeats)
    ends = torch.cumsum(repeats, 0)
    in_group = torch.arange(places.shape[0], device=atoms.device) - (ends - repeats)[places]
    return places, starts[atoms[places]] + in_group


def unfolded_pairs(rows: torch.Tensor, images: Images, n_atoms: int) -> torch.Tensor:
    """The pairs [n_pairs, 2] of images that a neighbor list [n, 5] of the periodic system stands for."""
    rows = rows.to(torch.int64)
    rows = rows[torch.argsort(rows[:, 0], stable=True)]
    first, steps = combinations(images.atoms, rows[:, 0], n_atoms)
    shifts = images.shifts[first] + rows[steps, 2:]
    inside = (shifts.abs() <= images.reach).all(dim=1)
    first, steps, shifts = first[inside], steps[inside], shifts[inside]
    codes = _codes(rows[steps, 1], shifts, n_atoms, images.reach)
    places = torch.searchsorted(images.codes, codes).clamp(max=images.codes.shape[0] - 1)
    found = images.codes[places] == codes
    return torch.stack([first[found], images.order[places[found]]], dim=1)


def unfolded_system(system: System, requests: List[NeighborListOptions], data: List[str], hops: int) -> System:
    """The atoms of the cell and images of them as a cluster, whose positions require gradients.

    :param system: periodic or not, with the neighbor lists of ``requests``
    :param requests: neighbor lists that the cluster shall have; images that no pair leads to have none
    :param data: names of data that the cluster shall have; those of atoms go with their images
    :param hops: how many pairs an atom of the cell can feel through
    :returns: atoms of ``system`` first, in their order
    """
    n_atoms = len(system)
    images = images_within(system, hops)
    positions = system.positions.detach()[images.atoms]
    positions = positions + images.shifts.to(positions.dtype) @ system.cell.detach()
    positions.requires_grad_(True)
    cluster = System(
        system.types[images.atoms],
        positions,
        torch.zeros_like(system.cell),
        torch.zeros_like(system.pbc),
    )
    for request in requests:
        periodic = system.get_neighbor_list(request)
        pairs = unfolded_pairs(periodic.samples.values, images, n_atoms)
        vectors = positions[pairs[:, 1]] - positions[pairs[:, 0]]
        rows = torch.cat([pairs, torch.zeros(pairs.shape[0], 3, dtype=pairs.dtype, device=pairs.device)], dim=1)
        samples = Labels(periodic.samples.names, rows.to(torch.int32))
        cluster.add_neighbor_list(
            request, TensorBlock(vectors[:, :, None], samples, periodic.components, periodic.properties)
        )
    for name in data:
        cluster.add_data(name, _unfolded_data(system.get_data(name), images))
    return cluster


def _unfolded_data(data: TensorMap, images: Images) -> TensorMap:
    """Data of atoms with a row for each image; data of the system as they are."""
    blocks: List[TensorBlock] = []
    for block in data.blocks():
        if block.samples.names != ["system", "atom"]:
            blocks.append(block.copy())
            continue
        atoms = block.samples.column("atom").to(torch.int64)
        rows = torch.argsort(atoms)[images.atoms]
        image = torch.arange(images.atoms.shape[0], device=images.atoms.device)
        system_index = block.samples.column("system")[rows]
        samples = Labels(["system", "atom"], torch.stack([system_index, image.to(torch.int32)], dim=1))
        blocks.append(TensorBlock(block.values[rows], samples, block.components, block.properties))
    return with_info(TensorMap(data.keys, blocks), data)
