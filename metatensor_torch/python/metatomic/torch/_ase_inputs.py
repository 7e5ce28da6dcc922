# SPDX-License-Identifier: BSD-3-Clause
"""What models can request of ``ase.Atoms`` beyond types, positions and cell."""

from typing import Callable, Dict, NamedTuple

import ase
import numpy as np
import torch

from metatensor_torch import Labels, TensorBlock, TensorMap

from ._classes import ModelOutput, System


class Input(NamedTuple):
    """Where a quantity comes from; values are [n_atoms] or [n_atoms, 3] per atom, one number per system."""

    sample_kind: str
    unit: str
    get: Callable[[ase.Atoms], np.ndarray]


def _spin_multiplicity(atoms: ase.Atoms):
    return atoms.info.get("spin_multiplicity", atoms.info.get("spin", 1))


#: ASE's units follow from eV, Å and u: a momentum is in sqrt(eV u), a velocity in sqrt(eV / u).
INPUTS: Dict[str, Dict[str, Input]] = {
    "momentum": {"atom": Input("atom", "(eV*u)^(1/2)", lambda atoms: atoms.get_momenta())},
    "velocity": {"atom": Input("atom", "(eV/u)^(1/2)", lambda atoms: atoms.get_velocities())},
    "mass": {"atom": Input("atom", "u", lambda atoms: atoms.get_masses())},
    "charge": {
        "atom": Input("atom", "e", lambda atoms: atoms.get_initial_charges()),
        "system": Input("system", "e", lambda atoms: atoms.info.get("charge", 0)),
    },
    "spin_multiplicity": {"system": Input("system", "", _spin_multiplicity)},
    "ase::initial_magmoms": {"atom": Input("atom", "", lambda atoms: atoms.get_initial_magnetic_moments())},
    "ase::initial_charges": {"atom": Input("atom", "", lambda atoms: atoms.get_initial_charges())},
    "ase::tags": {"atom": Input("atom", "", lambda atoms: atoms.get_tags())},
}


def _find_input(name: str, sample_kind: str) -> Input:
    for prefix, kind, container in [("ase::arrays::", "atom", "arrays"), ("ase::info::", "system", "info")]:
        if name.startswith(prefix) and sample_kind == kind:
            return Input(kind, "", lambda atoms: _entry(getattr(atoms, container), name[len(prefix) :], container))
    kinds = INPUTS.get(name, {})
    if sample_kind not in kinds:
        offered = ", ".join(f"'{known}' per {kind}" for known, kinds in INPUTS.items() for kind in kinds)
        raise NotImplementedError(
            f"the model requests '{name}' per {sample_kind}, which can not be had from ase.Atoms; there are {offered}, "
            "'ase::arrays::<name>' per atom and 'ase::info::<name>' per system"
        )
    return kinds[sample_kind]


def _entry(container: Dict, name: str, what: str):
    if name not in container:
        raise ValueError(f"the model requests `atoms.{what}['{name}']`; there is only {sorted(container)}")
    return container[name]


def add_inputs(system: System, atoms: ase.Atoms, requests: Dict[str, ModelOutput]) -> None:
    """Add to ``system`` what the model requests; the samples of data count systems from 0 in each system."""
    for name, request in requests.items():
        source = _find_input(name, request.sample_kind)
        dtype, device = system.positions.dtype, system.device
        values = torch.as_tensor(np.asarray(source.get(atoms)), dtype=dtype, device=device)
        if source.sample_kind == "system":
            values = values.reshape(1, -1)
            samples = Labels("system", torch.tensor([[0]], device=device))
        else:
            atom = torch.arange(len(atoms), dtype=torch.int32, device=device)
            samples = Labels(["system", "atom"], torch.stack([torch.zeros_like(atom), atom], dim=1))
        components = []
        if source.sample_kind == "atom" and values.dim() == 2 and values.shape[1] == 3:
            components = [Labels("xyz", torch.arange(3, device=device).reshape(3, 1))]
        values = values.reshape(*values.shape[: 1 + len(components)], -1)
        properties = Labels(name.split("::")[-1], torch.arange(values.shape[-1], device=device).reshape(-1, 1))
        tensor = TensorMap(
            Labels("_", torch.zeros(1, 1, dtype=torch.int32, device=device)),
            [TensorBlock(values, samples, components, properties)],
        )
        if source.unit:
            tensor.set_info("unit", source.unit)
        system.add_data(name, tensor)
