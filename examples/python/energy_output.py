# SPDX-License-Identifier: BSD-3-Clause
"""What the example models share: which atoms are asked for, and the layout of the output ``energy``."""

from typing import List, Optional

import torch

from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import System


def atoms_of_system(
    selected_atoms: Optional[Labels], index: int, n_systems: int
) -> Optional[torch.Tensor]:
    """The selected atoms [n_selected] of one system; ``None`` for all."""
    if selected_atoms is None:
        return None
    atoms = selected_atoms.column("atom").to(torch.int64)
    if n_systems == 1:
        return atoms
    return atoms[selected_atoms.column("system") == index]


def energy_output(
    energies: List[torch.Tensor],
    systems: List[System],
    per_atom: bool,
    selected_atoms: Optional[Labels],
) -> TensorMap:
    """The output ``energy``.

    :param energies: for each system, [1] energy or [n_selected] energies of its (selected) atoms
    :param per_atom: is it per atom or per system?
    """
    if len(systems) == 0:
        raise ValueError("there must be at least one system")
    device = systems[0].device
    if per_atom:
        samples = torch.cat(
            [
                atom_samples(index, len(system), atoms_of_system(selected_atoms, index, len(systems)), device)
                for index, system in enumerate(systems)
            ]
        )
        labels = Labels(["system", "atom"], samples, assume_unique=True)
    else:
        samples = torch.arange(len(systems), dtype=torch.int32, device=device)
        labels = Labels(["system"], samples.reshape(-1, 1), assume_unique=True)

    zero = torch.zeros([1, 1], dtype=torch.int32, device=device)
    block = TensorBlock(torch.cat(energies).reshape(-1, 1), labels, [], Labels(["energy"], zero))
    return TensorMap(Labels(["_"], zero), [block])


def atom_samples(
    index: int, n_atoms: int, selected: Optional[torch.Tensor], device: torch.device
) -> torch.Tensor:
    """Rows (system, atom) for the atoms of one system, or for those that are selected."""
    atoms = torch.arange(n_atoms, device=device) if selected is None else selected
    return torch.stack([torch.full_like(atoms, index), atoms], dim=1).to(torch.int32)
