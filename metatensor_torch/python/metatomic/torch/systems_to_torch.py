# SPDX-License-Identifier: BSD-3-Clause
"""Atoms of other packages as :py:class:`metatomic.torch.System`."""

from typing import Any, List, Optional, Protocol, Sequence, Union

import torch

from ._classes import System


class IntoSystem(Protocol):
    """What can be made a system: ``ase.Atoms``, or anything else with these attributes."""

    numbers: Sequence[int]  #: types of atoms [n_atoms]
    positions: Sequence[Sequence[float]]  #: [n_atoms, 3]
    cell: Any  #: cell vectors in rows [3, 3]
    pbc: Sequence[bool]  #: is it periodic along each of them? [3]


def systems_to_torch(
    systems: Union[IntoSystem, List[IntoSystem]],
    dtype: Optional[torch.dtype] = None,
    device: Optional[Union[str, torch.device]] = None,
    positions_requires_grad: bool = False,
    cell_requires_grad: bool = False,
) -> Union[System, List[System]]:
    """The same atoms as systems, without neighbor lists or other data; lengths stay as they are.

    :param systems: an ``ase.Atoms``, or anything with ``numbers`` [n_atoms], ``positions`` [n_atoms, 3], ``cell`` [3, 3]
        and ``pbc`` [3]; or a list of such
    :param dtype: of positions and cell, the default type of torch if ``None``
    :param device: where the tensors are, the default device of torch if ``None``
    :param positions_requires_grad: do results have to be differentiable with respect to positions?
    :param cell_requires_grad: do results have to be differentiable with respect to the cell?
    :returns: one system, or as many as were given; cell vectors along which there is no periodicity are zero
    :raises TypeError: for something else
    """
    if isinstance(systems, (list, tuple)):
        return [_convert(each, dtype, device, positions_requires_grad, cell_requires_grad) for each in systems]
    return _convert(systems, dtype, device, positions_requires_grad, cell_requires_grad)


def _convert(atoms, dtype, device, positions_requires_grad, cell_requires_grad) -> System:
    missing = [name for name in ["numbers", "positions", "cell", "pbc"] if not hasattr(atoms, name)]
    if missing:
        raise TypeError(
            f"a system must have numbers, positions, cell and pbc, as ase.Atoms does: {type(atoms).__name__} has no "
            + " and no ".join(missing)
        )
    dtype = torch.get_default_dtype() if dtype is None else dtype
    pbc = torch.tensor([bool(periodic) for periodic in atoms.pbc], device=device)
    cell = torch.tensor(atoms.cell[:], dtype=dtype, device=device)
    return System(
        types=torch.tensor(atoms.numbers, dtype=torch.int32, device=device),
        positions=torch.tensor(atoms.positions, dtype=dtype, device=device, requires_grad=positions_requires_grad),
        cell=torch.where(pbc[:, None], cell, 0.0).requires_grad_(cell_requires_grad),
        pbc=pbc,
    )
