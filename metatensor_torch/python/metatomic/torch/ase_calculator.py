# SPDX-License-Identifier: BSD-3-Clause
"""Models as calculators of ASE, the atomic simulation environment."""

import os
import pathlib
import warnings
from typing import Dict, List, Optional, Sequence, Tuple, Union

import ase
import numpy as np
import torch
from ase.calculators.calculator import (
    Calculator,
    InputError,
    PropertyNotImplementedError,
    all_changes,
)
from ase.stress import full_3x3_to_voigt_6_stress

from metatensor_torch import Labels, TensorMap

from ._ase_inputs import add_inputs
from ._ase_neighbors import NeighborList
from ._classes import ModelEvaluationOptions, ModelMetadata, ModelOutput, System, pick_device, pick_output
from ._requests import CURRENT_NAMES, DEPRECATED_NAMES, check_outputs, inputs_of_atomistic_model, translate_name
from .model import AtomisticModel, is_atomistic_model, load_atomistic_model
from .systems_to_torch import systems_to_torch


__all__ = ["MetatomicCalculator"]


#: What is asked of the model, in ASE's units
UNITS = {
    "energy": "eV",
    "energy_uncertainty": "eV",
    "non_conservative_force": "eV/angstrom",
    "non_conservative_stress": "eV/angstrom^3",
}


class MetatomicCalculator(Calculator):
    """Energy, energies of atoms, forces and stress of a model as a calculator of ASE.

    Neighbor lists come from vesin if it is installed, else from ASE; they are kept while no atom has moved far. Models can
    request ``momentum``, ``velocity``, ``mass``, ``charge`` (per atom, or per system out of ``atoms.info["charge"]``),
    ``spin_multiplicity`` (``atoms.info["spin_multiplicity"]``, or ``["spin"]``), ``ase::initial_magmoms``,
    ``ase::initial_charges``, ``ase::tags``, ``ase::arrays::<name>`` and ``ase::info::<name>``.

    After a calculation ``additional_outputs`` has the :py:class:`metatensor.torch.TensorMap` of each additional output.
    """

    additional_outputs: Dict[str, TensorMap]

    def __init__(
        self,
        model: Union[str, bytes, pathlib.PurePath, AtomisticModel],
        *,
        additional_outputs: Optional[Dict[str, ModelOutput]] = None,
        extensions_directory: Optional[Union[str, os.PathLike]] = None,
        check_consistency: bool = False,
        device: Union[None, str, torch.device] = None,
        variants: Optional[Dict[str, Optional[str]]] = None,
        non_conservative: Union[bool, str] = False,
        do_gradients_with_energy: bool = True,
        uncertainty_threshold: Optional[float] = 0.1,
        neighbor_skin: float = 2.0,
    ):
        """
        :param model: a saved model, or one that was made or loaded in Python
        :param additional_outputs: outputs to compute in each calculation beside what ASE asks for, by name
        :param extensions_directory: where to look first for the TorchScript extensions of a saved model
        :param check_consistency: check all that goes into the model and comes out of it (slow)?
        :param device: where to compute; ``None`` for the first of the model's devices that is there
        :param variants: which variant of an output to use, ``{"energy": "PBE"}``. That of the energy counts for its
            uncertainty and for outputs that are no derivatives, too, if they have no entry of their own
        :param non_conservative: what to take from outputs of the model instead of differentiating the energy: nothing
            (``False``), ``"forces"``, ``"stress"`` or both (``True``). Such forces are moved to a mean of zero, but
            do not conserve the energy
        :param do_gradients_with_energy: compute forces and stress with each energy, as most simulations ask for both?
        :param uncertainty_threshold: warn about atoms whose energy has a larger uncertainty (eV), if the model tells
            it; ``None`` for never
        :param neighbor_skin: how much farther than the cutoff to search for neighbors (Å), so that the next search is
            needed only when an atom has moved by half of it; 0 for a search in each calculation
        :raises InputError: if there is no such file
        :raises TypeError: if ``model`` is something else, or ``additional_outputs`` no dict of ModelOutput
        :raises ValueError: for outputs that the model does not have, and a ``neighbor_skin`` below 0
        """
        super().__init__()
        self.parameters = {
            "extensions_directory": extensions_directory,
            "check_consistency": check_consistency,
            "variants": variants,
            "non_conservative": non_conservative,
            "do_gradients_with_energy": do_gradients_with_energy,
            "additional_outputs": additional_outputs,
            "uncertainty_threshold": uncertainty_threshold,
            "neighbor_skin": neighbor_skin,
            "model": os.fsdecode(model) if isinstance(model, (str, bytes, pathlib.PurePath)) else None,
            "device": None if device is None else str(device),
        }
        if non_conservative not in [True, False, "forces", "stress"]:
            raise ValueError(
                f"`non_conservative` must be True, False, 'forces' or 'stress', got {non_conservative!r}"
            )
        with torch.inference_mode(False):  # or the parameters could not take part in derivatives
            self._model = _as_model(model, extensions_directory)
        capabilities = self._model.capabilities()
        self._outputs = capabilities.outputs
        if not 0 <= neighbor_skin < float("inf"):
            raise ValueError(f"`neighbor_skin` must be 0 or more, and finite, got {neighbor_skin}")
        self._device = torch.device(
            pick_device(capabilities.supported_devices, None if device is None else str(device))
        )
        self._dtype = getattr(torch, capabilities.dtype)
        with torch.inference_mode(False):
            self._model.to(device=self._device)
        self._check_consistency = check_consistency
        self._do_gradients_with_energy = do_gradients_with_energy
        self._uncertainty_threshold = uncertainty_threshold
        self._neighbor_skin = neighbor_skin
        self._input_requests = inputs_of_atomistic_model(self._model)

        self._choose_outputs(variants or {}, non_conservative)
        additional_outputs = {} if additional_outputs is None else additional_outputs
        self._check_outputs("`additional_outputs`", additional_outputs)
        self._additional_requests = dict(additional_outputs)
        self.additional_outputs = {}
        self._neighbor_lists = self._new_neighbor_lists(neighbor_skin)
        self.implemented_properties = self._find_properties()

    def todict(self) -> Dict:
        """What :py:meth:`fromdict` makes this calculator from; only for a model that was given as a file.

        :raises RuntimeError: if the model was not given as a file
        """
        if self.parameters["model"] is None:
            raise RuntimeError("only a calculator whose model was given as a file can be written as a dictionary")
        return dict(self.parameters)

    @classmethod
    def fromdict(cls, data: Dict) -> "MetatomicCalculator":
        """The calculator that :py:meth:`todict` described.

        :param data: the arguments of the constructor by name
        :raises InputError: if the file of the model is not there any more
        """
        return cls(**data)

    def metadata(self) -> ModelMetadata:
        """Who made the model, and how to cite it."""
        return self._model.metadata()

    def run_model(
        self,
        atoms: Union[ase.Atoms, List[ase.Atoms]],
        outputs: Dict[str, ModelOutput],
        selected_atoms: Optional[Labels] = None,
    ) -> Dict[str, TensorMap]:
        """Exactly the ``outputs`` of the model for one or several structures.

        :param atoms: what to run the model on; with several, their place in the list is the ``system`` of samples
        :param outputs: what to compute, by name, and in which units
        :param selected_atoms: the only atoms [n_selected] that outputs speak of, with names ``system`` and ``atom``
        :returns: the outputs as the model gives them
        :raises TypeError: if ``outputs`` is no dict of ModelOutput
        :raises ValueError: for outputs that the model does not have, and whatever it raises itself
        """
        self._check_outputs("`outputs`", outputs)
        all_atoms = [atoms] if isinstance(atoms, ase.Atoms) else list(atoms)
        systems = [self._make_system(each, index)[0] for index, each in enumerate(all_atoms)]
        return self._run(systems, outputs, selected_atoms)

    def compute_energy(
        self,
        atoms: Union[ase.Atoms, List[ase.Atoms]],
        compute_forces_and_stresses: bool = False,
        *,
        per_atom: bool = False,
    ) -> Dict[str, Union[float, np.ndarray, List[Union[float, np.ndarray]]]]:
        """Energies of one or several structures, in one run of the model.

        :param atoms: one structure, or several
        :param compute_forces_and_stresses: differentiate, too? Stresses are there if all structures are periodic in three
            dimensions
        :param per_atom: give the energy of each atom, too?
        :returns: ``energy`` (eV) and, if asked for, ``energies`` [n_atoms], ``forces`` [n_atoms, 3] (eV/Å) and ``stress``
            [3, 3] (eV/Å³); a list of such for several structures
        :raises PropertyNotImplementedError: if the model has no energy, or none of atoms where those are asked for
        """
        is_single = isinstance(atoms, ase.Atoms)
        all_atoms = [atoms] if is_single else list(atoms)
        wanted = {"energy"}
        if per_atom:
            wanted.add("energies")
        if compute_forces_and_stresses:
            wanted.add("forces")
            if all(_has_volume(each) for each in all_atoms):
                wanted.add("stress")
        results = self._compute(all_atoms, wanted)
        if is_single:
            return results[0]
        return {name: [result[name] for result in results] for name in (results[0] if results else [])}

    def calculate(self, atoms: Optional[ase.Atoms], properties: List[str], system_changes: List[str] = all_changes) -> None:
        """What ASE calls for results that it does not have yet: fills ``results`` and ``additional_outputs``.

        :param atoms: what to calculate for
        :param properties: names of what is wanted, of ``implemented_properties``
        :param system_changes: what is different from the last time; not needed
        :raises PropertyNotImplementedError: for a property that the model does not have, and for the stress of what is
            not periodic in three dimensions
        """
        super().calculate(atoms, properties, system_changes)
        unknown = [name for name in properties if name not in self.implemented_properties]
        if unknown:
            raise PropertyNotImplementedError(f"the model can not compute {', '.join(unknown)}")
        if "stress" in properties and not _has_volume(self.atoms):
            raise PropertyNotImplementedError("there is a stress only in what is periodic in three dimensions")
        wanted = set(properties)
        if self._do_gradients_with_energy and wanted & {"energy", "energies", "free_energy"}:
            wanted |= {"forces"} | ({"stress"} if _has_volume(self.atoms) else set())
        wanted &= set(self.implemented_properties)

        (results,) = self._compute([self.atoms], wanted, self._additional_requests)
        if "stress" in results:
            results["stress"] = full_3x3_to_voigt_6_stress(results["stress"])
        if "energy" in results:
            results["free_energy"] = results["energy"]
        self.results = results

    def _check_outputs(self, what: str, outputs: Dict[str, ModelOutput]) -> None:
        check_outputs(what, outputs)
        for name in outputs:
            if name not in self._outputs:
                raise ValueError(f"the model has no output '{name}', it has {sorted(self._outputs)}")

    def _choose_outputs(self, variants: Dict[str, Optional[str]], non_conservative: Union[bool, str]) -> None:
        unknown = [name for name in variants if translate_name(name, CURRENT_NAMES) not in UNITS]
        if unknown:
            raise ValueError(f"there can be variants of {', '.join(UNITS)} here, got {', '.join(unknown)}")
        variants = {translate_name(name, CURRENT_NAMES): variant for name, variant in variants.items()}
        self._names: Dict[str, Optional[str]] = {}
        for name in UNITS:
            variant = variants.get(name, variants.get("energy"))
            is_needed = name == "energy" and name in variants or variants.get(name) is not None
            self._names[name] = self._find_output(name, variant, is_needed)
        self._direct_forces = non_conservative in [True, "forces"]
        self._direct_stress = non_conservative in [True, "stress"]
        for is_used, name in [
            (self._direct_forces, "non_conservative_force"),
            (self._direct_stress, "non_conservative_stress"),
        ]:
            if is_used and self._names[name] is None:
                raise ValueError(f"the model has no output '{name}', as `non_conservative` asks for")

    def _find_output(self, name: str, variant: Optional[str], is_needed: bool) -> Optional[str]:
        for known in [name, translate_name(name, DEPRECATED_NAMES)]:
            has_variants = any(output.partition("/")[0] == known for output in self._outputs)
            if has_variants:
                try:
                    return pick_output(known, self._outputs, variant)
                except ValueError:
                    if is_needed or name == "energy":
                        raise
        if is_needed and variant is not None:
            raise ValueError(f"the model has no output '{name}/{variant}', it has {sorted(self._outputs)}")
        return None

    def _find_properties(self) -> List[str]:
        energy = self._names["energy"]
        properties = []
        if energy is not None:
            properties += ["energy", "free_energy"]
            if self._outputs[energy].sample_kind == "atom":
                properties.append("energies")
        if energy is not None or self._direct_forces:
            properties.append("forces")
        if energy is not None or self._direct_stress:
            properties.append("stress")
        return properties

    def _new_neighbor_lists(self, skin: float) -> List[NeighborList]:
        return [NeighborList(options, skin) for options in self._model.requested_neighbor_lists()]

    def _make_system(self, atoms: ase.Atoms, index: int, with_gradients: Tuple[bool, bool] = (False, False)):
        """The atoms as a system, and their strain; gradients with respect to positions, and to the strain."""
        system = systems_to_torch(atoms, self._dtype, self._device)
        with_forces, with_stress = with_gradients
        positions = system.positions.requires_grad_(with_forces)
        strain = torch.eye(3, dtype=self._dtype, device=self._device, requires_grad=with_stress)
        if with_stress:
            system = System(system.types, positions @ strain, system.cell @ strain, system.pbc)
        elif with_forces:
            system.positions = positions
        # kept from step to step for one structure only
        lists = self._neighbor_lists if index == 0 else self._new_neighbor_lists(skin=0.0)
        for neighbor_list in lists:
            neighbor_list.add_to(system, atoms, self._check_consistency)
        add_inputs(system, atoms, self._input_requests)
        return system, positions, strain

    def _run(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels] = None
    ) -> Dict[str, TensorMap]:
        if selected_atoms is not None:
            selected_atoms = selected_atoms.to(self._device)
        options = ModelEvaluationOptions("angstrom", outputs, selected_atoms)
        return self._model(systems, options, self._check_consistency)

    def _requests(self, wanted) -> Dict[str, ModelOutput]:
        requests = {}

        def request(quantity, sample_kind):
            requests[self._names[quantity]] = ModelOutput(unit=UNITS[quantity], sample_kind=sample_kind)

        from_energy = (
            wanted & {"energy", "energies", "free_energy"}
            or ("forces" in wanted and not self._direct_forces)
            or ("stress" in wanted and not self._direct_stress)
        )
        if from_energy:
            if self._names["energy"] is None:
                raise PropertyNotImplementedError("the model has no output 'energy'")
            is_per_atom = self._outputs[self._names["energy"]].sample_kind == "atom"
            if "energies" in wanted and not is_per_atom:
                raise PropertyNotImplementedError("the model has no energies of atoms, only those of systems")
            request("energy", "atom" if "energies" in wanted else "system")
            uncertainty = self._names["energy_uncertainty"]
            has_uncertainty = uncertainty is not None and self._outputs[uncertainty].sample_kind == "atom"
            if has_uncertainty and self._uncertainty_threshold is not None:
                request("energy_uncertainty", "atom")
        if "forces" in wanted and self._direct_forces:
            request("non_conservative_force", "atom")
        if "stress" in wanted and self._direct_stress:
            request("non_conservative_stress", "system")
        return requests

    @torch.inference_mode(False)  # forces are derivatives, in whatever mode they are asked for
    @torch.enable_grad()
    def _compute(self, all_atoms: List[ase.Atoms], wanted, additional: Dict[str, ModelOutput] = {}) -> List[Dict]:
        """Results of each structure, arrays of numpy with the stress as a matrix."""
        with_gradients = (
            "forces" in wanted and not self._direct_forces,
            "stress" in wanted and not self._direct_stress,
        )
        made = [self._make_system(atoms, index, with_gradients) for index, atoms in enumerate(all_atoms)]
        requests = self._requests(wanted)
        clashing = [name for name in additional if name in requests]
        outputs = self._run([system for system, _, _ in made], {**additional, **requests})
        self.additional_outputs = {name: outputs[name] for name in additional if name not in clashing}
        for name in clashing:  # asked for in another way than for the results
            again = self._run([system for system, _, _ in made], {name: additional[name]})
            self.additional_outputs[name] = again[name]

        results: List[Dict] = [{} for _ in all_atoms]
        if self._names["energy"] in requests:
            self._take_energies(outputs[self._names["energy"]], wanted, made, with_gradients, results)
        if self._names["energy_uncertainty"] in requests:
            self._warn_of_uncertainty(outputs[self._names["energy_uncertainty"]])
        n_atoms = [len(atoms) for atoms in all_atoms]
        if "forces" in wanted and self._direct_forces:
            values = outputs[self._names["non_conservative_force"]].block().values.squeeze(-1)
            for result, forces in zip(results, torch.split(values, n_atoms)):
                result["forces"] = _to_numpy(forces - forces.mean(dim=0, keepdim=True))
        if "stress" in wanted and self._direct_stress:
            values = outputs[self._names["non_conservative_stress"]].block().values.squeeze(-1)
            for result, stress in zip(results, values):
                result["stress"] = _to_numpy(stress)
        return results

    def _take_energies(self, output: TensorMap, wanted, made, with_gradients, results: List[Dict]) -> None:
        block = output.block()
        system_of_row = block.samples.column("system").to(torch.long)
        totals = torch.zeros(len(made), dtype=block.values.dtype, device=block.values.device)
        totals = totals.index_add(0, system_of_row, block.values[:, 0])
        for index, (result, energy) in enumerate(zip(results, _to_numpy(totals))):
            result["energy"] = float(energy)
            if "energies" in wanted:
                result["energies"] = _to_numpy(_by_atom(block, index, len(made[index][0])))

        leaves = [leaf for _, positions, strain in made for leaf in [positions, strain] if leaf.requires_grad]
        if not leaves:
            return
        gradients = [torch.zeros_like(leaf) for leaf in leaves]
        if totals.requires_grad:  # else the model depends on neither
            found = _derivatives(totals.sum(), leaves)
            gradients = [zero if gradient is None else gradient for gradient, zero in zip(found, gradients)]
        remaining = iter(gradients)
        for result, (system, _, _) in zip(results, made):
            if with_gradients[0]:
                result["forces"] = _to_numpy(-next(remaining))
            if with_gradients[1]:
                volume = system.cell.detach().double().det().abs()
                result["stress"] = _to_numpy(next(remaining) / volume)

    def _warn_of_uncertainty(self, output: TensorMap) -> None:
        block = output.block()
        values = _to_numpy(block.values[:, 0])
        large = np.flatnonzero(values > self._uncertainty_threshold)
        if len(large) > 0:
            atoms = _to_numpy(block.samples.column("atom"))[large].tolist()
            warnings.warn(
                f"the uncertainty of the energy is above {self._uncertainty_threshold} eV for the atoms {atoms}, at most "
                f"{values.max():.3f} eV: the model may not know what surrounds them",
                stacklevel=2,
            )


def _as_model(model, extensions_directory) -> AtomisticModel:
    if isinstance(model, (str, bytes, pathlib.PurePath)):
        path = os.fsdecode(model)
        if not os.path.exists(path):
            raise InputError(f"there is no model file at '{path}'")
        return load_atomistic_model(path, extensions_directory)
    if isinstance(model, torch.nn.Module) and is_atomistic_model(model):
        return model
    raise TypeError(f"`model` must be the path of a saved model or an AtomisticModel, got {type(model).__name__}")


def _derivatives(energy: torch.Tensor, leaves: List[torch.Tensor]) -> Sequence[Optional[torch.Tensor]]:
    """Where torch knows no derivative of an operator, it warns and takes it for zero: an error here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*: an autograd kernel was not registered")
        try:
            return torch.autograd.grad(energy, leaves, allow_unused=True)
        except UserWarning as warning:
            name = str(warning).split(": an autograd kernel")[0]
            raise NotImplementedError(
                f"the operator '{name}' of the model has no derivative in this process, so that forces would be wrong: "
                "import the Python package of the extension that it belongs to"
            ) from None


def _by_atom(block, system: int, n_atoms: int) -> torch.Tensor:
    """Values [n_atoms] of one system, in the order of its atoms."""
    rows = (block.samples.column("system") == system).nonzero()[:, 0]
    atoms = block.samples.column("atom")[rows].to(torch.long)
    values = torch.zeros(n_atoms, dtype=block.values.dtype, device=block.values.device)
    return values.index_copy(0, atoms, block.values[rows, 0])


def _has_volume(atoms: ase.Atoms) -> bool:
    return bool(atoms.pbc.all()) and abs(atoms.cell.volume) > 0


def _to_numpy(tensor: torch.Tensor) -> np.ndarray:
    tensor = tensor.detach().cpu()
    return tensor.double().numpy() if tensor.is_floating_point() else tensor.numpy()
