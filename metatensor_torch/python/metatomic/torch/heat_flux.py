# SPDX-License-Identifier: BSD-3-Clause
"""Models with one more output: the heat flux, out of the energies of atoms."""

import math
from typing import Any, Dict, List, Optional

import torch

from metatensor_torch import Labels, TensorBlock, TensorMap

from ._classes import ModelOutput, System, unit_conversion_factor
from ._unfolding import unfolded_system
from ._wrapping import ModelAround, capabilities_with, own_outputs
from .model import AtomisticModel


__all__ = ["HeatFlux"]


VELOCITY_UNIT = "A/fs"
MASS_UNIT = "u"


class HeatFlux(ModelAround):
    """A model and, as one more output, the heat flux of each system.

    For atoms i of the cell and all atoms j that they feel, images of others among them, with energies U_i of atoms::

        J = sum_i (U_i + m_i v_i^2 / 2) v_i + sum_ij (r_i - r_j) (dU_i/dr_j . v_j)

    This holds for models that pass messages between atoms, too, where pairs do not suffice [M. F. Langer et al.,
    Phys. Rev. B 108, L100302 (2023)]. Which images an atom can feel follows from the neighbor lists that the model asks
    for, and from its interaction range. It costs two evaluations, and four derivatives for each energy.
    """

    def __init__(self, model: AtomisticModel):
        """
        :param model: an atomistic model with energies of atoms
        :raises TypeError: if ``model`` is no atomistic model
        :raises ValueError: if ``model`` has no energies of atoms, an infinite interaction range, or an output of the
            name that the heat flux would have
        """
        outputs = own_outputs(model)
        super().__init__(model)
        #: names of energies, by names of heat fluxes
        self._energies: Dict[str, str] = _energies_of_atoms(outputs)
        self._kinetic: Dict[str, float] = {}
        for energy in self._energies.values():
            unit = outputs[energy].unit
            self._kinetic[energy] = 1.0 if unit == "" else unit_conversion_factor(f"{MASS_UNIT}*({VELOCITY_UNIT})^2", unit)
        for name in self._energies:
            if name in model.capabilities().outputs:
                raise ValueError(f"the model already has an output '{name}'")
        self._hops: int = _longest_chain(model)
        self._velocity_factor: float = 1.0
        self._mass_factor: float = 1.0
        if "velocity" in self._inputs:
            self._velocity_factor = unit_conversion_factor(self._inputs["velocity"].unit, VELOCITY_UNIT)
        if "mass" in self._inputs:
            self._mass_factor = unit_conversion_factor(self._inputs["mass"].unit, MASS_UNIT)
        self._inputs = {
            "mass": ModelOutput(unit=MASS_UNIT, sample_kind="atom"),
            "velocity": ModelOutput(unit=VELOCITY_UNIT, sample_kind="atom"),
            **self._inputs,
        }

    @staticmethod
    def wrap(model: AtomisticModel) -> AtomisticModel:
        """A model that has all outputs of another one, and ``heat_flux``.

        :param model: an atomistic model, made here or loaded, that has energies of atoms. For an output ``energy/pbe`` there
            will be ``heat_flux/pbe``, and so on
        :returns: a model with the metadata of ``model``, that also asks for masses and velocities
        :raises TypeError: if ``model`` is no atomistic model
        :raises ValueError: if ``model`` has no energies of atoms, an infinite interaction range, or such an output already
        """
        module = HeatFlux(model)
        outputs = own_outputs(model)
        for name, energy in module._energies.items():
            unit = outputs[energy].unit
            outputs[name] = ModelOutput(
                unit="" if unit == "" else f"{unit}*{VELOCITY_UNIT}",
                sample_kind="system",
                description=f"Heat flux from the output '{energy}'",
            )
        return AtomisticModel(module.eval(), model.metadata(), capabilities_with(model, outputs))

    def forward(
        self,
        systems: List[System],
        outputs: Dict[str, ModelOutput],
        selected_atoms: Optional[Labels],
    ) -> Dict[str, TensorMap]:
        """All that is asked for, see :py:meth:`metatomic.torch.ModelInterface.forward`; of ``selected_atoms``, those
        terms of the heat flux that have their energies."""
        requested: Dict[str, ModelOutput] = {}
        energies: Dict[str, ModelOutput] = {}
        for name, output in outputs.items():
            if name in self._energies:
                energies[self._energies[name]] = ModelOutput(unit=output.unit, sample_kind="atom")
            else:
                requested[name] = output
        results: Dict[str, TensorMap] = {}
        if len(requested) > 0:
            results = self.module(systems, requested, selected_atoms)
        if len(energies) > 0:
            selected = _in_cells(systems) if selected_atoms is None else selected_atoms
            with _Gradients():
                fluxes = self._heat_fluxes(systems, energies, selected)
                for name, energy in self._energies.items():
                    if name in outputs:
                        results[name] = fluxes[energy]
        return results

    def _heat_fluxes(
        self, systems: List[System], energies: Dict[str, ModelOutput], selected_atoms: Labels
    ) -> Dict[str, TensorMap]:
        """Heat fluxes, by names of the energies that they come from."""
        data = list(self._inputs.keys())
        clusters = [unfolded_system(system, self._neighbor_lists, data, self._hops) for system in systems]
        if any([not (cluster.positions + 0).requires_grad for cluster in clusters]):
            raise RuntimeError("a heat flux needs derivatives, which torch.inference_mode() does not allow")
        computed = self.module(clusters, energies, selected_atoms)
        velocities: List[torch.Tensor] = []
        masses: List[torch.Tensor] = []
        for cluster in clusters:
            velocities.append(_of_atoms(cluster, "velocity").reshape(-1, 3) * self._velocity_factor)
            masses.append(_of_atoms(cluster, "mass").reshape(-1) * self._mass_factor)
        results: Dict[str, TensorMap] = {}
        for energy in energies:
            block = computed[energy].block()
            results[energy] = _as_map(_fluxes(clusters, velocities, masses, block, self._kinetic[energy]))
        return results


class _Gradients:
    """Like torch.enable_grad, which TorchScript does not have: grad mode is what it was after errors, too."""

    def __init__(self):
        self.before = torch.is_grad_enabled()

    def __enter__(self):
        self.before = torch.is_grad_enabled()
        torch.set_grad_enabled(True)

    def __exit__(self, type: Any, value: Any, traceback: Any):
        torch.set_grad_enabled(self.before)


def _energies_of_atoms(outputs: Dict[str, ModelOutput]) -> Dict[str, str]:
    energies: Dict[str, str] = {}
    for name, output in outputs.items():
        quantity, slash, variant = name.partition("/")
        if quantity == "energy" and output.sample_kind == "atom":
            energies["heat_flux" + slash + variant] = name
    if len(energies) == 0:
        raise ValueError(f"a heat flux needs a model with an output 'energy' of atoms, it has {sorted(outputs)}")
    return energies


def _longest_chain(model: AtomisticModel) -> int:
    """How many pairs one after the other an atom can feel through, at most."""
    reach = model.capabilities().interaction_range
    cutoffs = [request.cutoff for request in model.requested_neighbor_lists()]
    if len(cutoffs) == 0:
        return 0
    if not math.isfinite(reach):
        raise ValueError("a heat flux needs a model with a finite interaction range")
    return max(1, math.ceil(reach / min(cutoffs) * (1 - 1e-9)))


def _in_cells(systems: List[System]) -> Labels:
    """All atoms, without images."""
    rows: List[torch.Tensor] = []
    for i, system in enumerate(systems):
        atoms = torch.arange(len(system), device=system.device)
        rows.append(torch.stack([torch.full_like(atoms, i), atoms], dim=1))
    return Labels(["system", "atom"], torch.cat(rows).to(torch.int32))


def _of_atoms(system: System, name: str) -> torch.Tensor:
    return system.get_data(name).block().values.detach()


def _fluxes(
    clusters: List[System],
    velocities: List[torch.Tensor],
    masses: List[torch.Tensor],
    energies: TensorBlock,
    kinetic: float,
) -> torch.Tensor:
    """Heat fluxes [n_systems, 3] out of energies of atoms, which know the positions of all clusters."""
    positions = [cluster.positions for cluster in clusters]
    of_system = energies.samples.column("system").to(torch.int64)
    of_atom = energies.samples.column("atom").to(torch.int64)
    values = energies.values[:, 0]

    # where each energy is, with what velocity and mass
    starts: List[int] = [0]
    for cluster in clusters:
        starts.append(starts[-1] + len(cluster))
    places = torch.tensor(starts, device=values.device)[of_system] + of_atom
    centers = torch.cat(positions).detach()[places]
    velocity = torch.cat(velocities)[places]
    mass = torch.cat(masses)[places]

    carried = values.detach() + 0.5 * kinetic * mass * (velocity * velocity).sum(dim=1)
    fluxes = torch.zeros(len(clusters), 3, dtype=values.dtype, device=values.device)
    fluxes = fluxes.index_add(0, of_system, carried[:, None] * velocity)
    if not values.requires_grad:
        return fluxes

    # sum_ij r_i (dU_i/dr_j . v_j) is the derivative of sum_i r_i U_i along the velocities, with the first r_i held
    moments: List[torch.Tensor] = []
    for axis in range(3):
        gradients = _gradients((centers[:, axis] * values).sum(), positions)
        work = [(gradient * v).sum() for gradient, v in zip(gradients, velocities)]
        moments.append(torch.stack(work))
    # and sum_ij r_j (dU_i/dr_j . v_j) needs only the sum of energies
    gradients = _gradients(values.sum(), positions)
    total: List[torch.Tensor] = []
    for gradient, v, position in zip(gradients, velocities, positions):
        total.append((position.detach() * (gradient * v).sum(dim=1, keepdim=True)).sum(dim=0))
    return fluxes + torch.stack(moments, dim=1) - torch.stack(total)


def _gradients(value: torch.Tensor, positions: List[torch.Tensor]) -> List[torch.Tensor]:
    gradients = torch.autograd.grad([value], positions, retain_graph=True, allow_unused=True)
    result: List[torch.Tensor] = []
    for gradient, position in zip(gradients, positions):
        result.append(torch.zeros_like(position) if gradient is None else gradient)
    return result


def _as_map(fluxes: torch.Tensor) -> TensorMap:
    device = fluxes.device
    zero = torch.zeros(1, 1, dtype=torch.int32, device=device)
    system = torch.arange(fluxes.shape[0], dtype=torch.int32, device=device).reshape(-1, 1)
    xyz = torch.arange(3, dtype=torch.int32, device=device).reshape(3, 1)
    block = TensorBlock(fluxes[:, :, None], Labels("system", system), [Labels("xyz", xyz)], Labels("heat_flux", zero))
    return TensorMap(Labels("_", zero), [block])
