# SPDX-License-Identifier: BSD-3-Clause
"""Writes the models of this folder, with what the packages that wrote them compute: ``python make_models.py FOLDER [NAME ...]``.

The folders are named after what wrote them: ``scripts/saved_models.sh`` makes the environments and runs this script in each.
Every ``NAME.pt`` is a model, and ``NAME.results.pt`` a dictionary of tensors: for system ``i``, ``i.types``,
``i.positions``, ``i.cell`` and ``i.pbc`` in the units of the engine, here nanometers; for the neighbor list ``n`` that the
model requests ``i.n.samples`` and ``i.n.vectors``; for data that it requests ``i.data.NAME``, values in ``DATA_UNITS``; for
each output ``NAME.values`` and ``NAME.samples``, where ``atom:NAME`` is the one per atom and ``selected:NAME`` the one of the
selected atoms, and ``NAME.PARAMETER.values`` of its gradients; ``i.forces``, minus the derivative of the energy.
"""

import itertools
import pathlib
import sys
from typing import Dict, List, NamedTuple, Optional

import metatensor.torch
import torch
from metatensor.torch import Labels, TensorBlock, TensorMap


try:
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
except ImportError:  # before May 2025
    from metatensor.torch.atomistic import MetatensorAtomisticModel as AtomisticModel
    from metatensor.torch.atomistic import (
        ModelCapabilities,
        ModelEvaluationOptions,
        ModelMetadata,
        ModelOutput,
        NeighborListOptions,
        System,
        register_autograd_neighbors,
    )

IS_LEGACY = AtomisticModel.__name__ != "AtomisticModel"


def single_block(values: torch.Tensor, samples: Labels, components: List[Labels], name: str) -> TensorMap:
    properties = Labels([name], torch.arange(values.size(-1)).reshape(-1, 1))
    keys = Labels(["_"], torch.tensor([[0]]))
    return TensorMap(keys, [TensorBlock(values, samples, components, properties)])


class PairEnergy(torch.nn.Module):
    """Energy of soft springs between all pairs of a list, half of it for each of the two atoms."""

    def __init__(self, cutoff: float, full_list: bool, strict: bool):
        super().__init__()
        self.request = NeighborListOptions(cutoff, full_list, strict, "springs")
        self.cutoff = cutoff
        self.weight = 0.25 if full_list else 0.5
        self.stiffness = torch.nn.Parameter(torch.tensor([0.5, 1.25, 2.0]))

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        return [self.request]

    def forward(self, system: System) -> torch.Tensor:
        pairs = system.get_neighbor_list(self.request)
        distances = pairs.values.reshape(-1, 3).pow(2).sum(dim=1).sqrt()
        first = pairs.samples.column("first_atom").to(torch.long)
        second = pairs.samples.column("second_atom").to(torch.long)
        stretch = torch.clamp(self.cutoff - distances, min=0.0)
        types = system.types.to(torch.long)
        stiffness = self.stiffness.to(distances.dtype)[(types[first] + types[second]) % 3]
        energies = self.weight * stiffness * stretch * stretch
        result = torch.zeros(len(system), dtype=distances.dtype, device=distances.device)
        return result.index_add(0, first, energies).index_add(0, second, energies)


class Springs(torch.nn.Module):
    """Energy, of systems and of atoms, all or selected ones, from two lists."""

    def __init__(self):
        super().__init__()
        self.near = PairEnergy(2.0, False, True)
        self.far = PairEnergy(3.5, True, False)

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        results: Dict[str, TensorMap] = {}
        if "energy" not in outputs:
            return results
        rows: List[List[int]] = []
        energies: List[torch.Tensor] = []
        for s, system in enumerate(systems):
            energies.append(self.near(system) + self.far(system))
            for a in range(len(system)):
                rows.append([s, a])
        samples = Labels(["system", "atom"], torch.tensor(rows, device=systems[0].device))
        energy = single_block(torch.cat(energies).reshape(-1, 1), samples, [], "energy")
        if selected_atoms is not None:
            energy = metatensor.torch.slice(energy, "samples", selected_atoms)
        if not outputs["energy"].per_atom:
            energy = metatensor.torch.sum_over_samples(energy, ["atom"])
        results["energy"] = energy
        return results


class ManyOutputs(torch.nn.Module):
    """Energy, ensemble, uncertainty, features, forces and stress that are no derivatives, and an output of its own."""

    def __init__(self):
        super().__init__()
        self.springs = PairEnergy(3.0, True, True)

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        results: Dict[str, TensorMap] = {}
        rows: List[List[int]] = []
        energies: List[torch.Tensor] = []
        forces: List[torch.Tensor] = []
        for s, system in enumerate(systems):
            energies.append(self.springs(system).sum())
            forces.append(system.positions.detach() * torch.tensor([0.5, -1.0, 0.25], dtype=system.positions.dtype))
            for a in range(len(system)):
                rows.append([s, a])
        per_system = Labels(["system"], torch.arange(len(systems)).reshape(-1, 1))
        per_atom = Labels(["system", "atom"], torch.tensor(rows))
        energy = torch.stack(energies).reshape(-1, 1)
        xyz = torch.tensor([[0], [1], [2]])
        for name, output in outputs.items():
            if name == "energy":
                results[name] = single_block(energy, per_system, [], "energy")
            elif name == "energy_ensemble":
                scale = torch.tensor([[0.5, 1.0, 1.5]], dtype=energy.dtype)
                results[name] = single_block(energy * scale, per_system, [], "energy")
            elif name == "energy_uncertainty":
                results[name] = single_block(0.125 * energy, per_system, [], "energy")
            elif name == "features":
                results[name] = single_block(torch.cat([energy, energy**2], dim=1), per_system, [], "feature")
            elif name == "mine::shifted":
                results[name] = single_block(energy - 1.0, per_system, [], "shift")
            elif name == "non_conservative_forces":
                values = torch.cat(forces).reshape(-1, 3, 1)
                results[name] = single_block(values, per_atom, [Labels(["xyz"], xyz)], "non_conservative_forces")
            elif name == "non_conservative_stress":
                values = torch.eye(3, dtype=energy.dtype).reshape(1, 3, 3, 1) * energy.reshape(-1, 1, 1, 1)
                components = [Labels(["xyz_1"], xyz), Labels(["xyz_2"], xyz)]
                results[name] = single_block(values, per_system, components, "non_conservative_stress")
        return results


class ByType(torch.nn.Module):
    """Energy of a linear model on sparse blocks, one for each type, with operations and members of the data types."""

    def __init__(self):
        super().__init__()
        self.springs = PairEnergy(2.5, False, True)
        keys = Labels(["type"], torch.tensor([[1], [8]]))
        properties = Labels(["power"], torch.tensor([[1], [2]]))
        sample = Labels(["_"], torch.tensor([[0]]))
        blocks = [
            TensorBlock(torch.tensor([[1.0, -0.5]], dtype=torch.float64), sample, [], properties),
            TensorBlock(torch.tensor([[0.25, 2.0]], dtype=torch.float64), sample, [], properties),
        ]
        self.weights = TensorMap(keys, blocks)

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        rows: List[List[int]] = []
        energies: List[torch.Tensor] = []
        for s, system in enumerate(systems):
            energies.append(self.springs(system))
            for a in range(len(system)):
                rows.append([s, a])
        types = torch.cat([system.types for system in systems])
        energy = torch.cat(energies)
        samples = torch.tensor(rows)
        blocks: List[TensorBlock] = []
        for i in range(len(self.weights.keys)):
            of_type = types == self.weights.keys.column("type")[i]
            values = torch.stack([energy[of_type], energy[of_type] ** 2], dim=1)
            labels = Labels(["system", "atom"], samples[of_type])
            blocks.append(TensorBlock(values, labels, [], self.weights.block_by_id(i).properties))
        features = TensorMap(self.weights.keys, blocks)
        per_atom = metatensor.torch.dot(features, self.weights).keys_to_samples("type")
        per_atom = metatensor.torch.multiply(metatensor.torch.sum_over_samples(per_atom, ["type"]), 2.0)
        per_system = metatensor.torch.sum_over_samples(per_atom, ["atom"])
        block = per_system.block()
        return {"energy": single_block(block.values, block.samples, [], "energy")}


class Dense(torch.nn.Module):
    """Energy out of blocks that are merged along properties, with gaps to fill: atoms of one type lack the other's."""

    def __init__(self):
        super().__init__()
        self.springs = PairEnergy(2.5, False, True)
        self.sort_samples = False

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        rows: List[List[int]] = []
        energies: List[torch.Tensor] = []
        for s, system in enumerate(systems):
            energies.append(self.springs(system))
            for a in range(len(system)):
                rows.append([s, a])
        types = torch.cat([system.types for system in systems])
        energy = torch.cat(energies)
        samples = torch.tensor(rows)
        keys = Labels(["type", "copy"], torch.tensor([[1, 0], [8, 0], [1, 1], [8, 1]]))
        blocks: List[TensorBlock] = []
        for i in range(len(keys)):
            of_type = types == keys.column("type")[i]
            labels = Labels(["system", "atom"], samples[of_type])
            properties = Labels(["p"], torch.tensor([[0]]))
            blocks.append(TensorBlock(energy[of_type].reshape(-1, 1), labels, [], properties))
        copies = [block.copy() for block in blocks]
        dense = TensorMap(keys, blocks).keys_to_properties(["type"]).keys_to_samples("copy")
        unsorted = TensorMap(keys, copies).keys_to_properties(["type", "copy"], sort_samples=self.sort_samples)
        values = dense.block().values
        total = (values + 1.0).log().sum() + (unsorted.block().values + 2.0).square().sum()
        per_system = Labels(["system"], torch.arange(len(systems)).reshape(-1, 1))
        result = total * torch.ones(len(systems), 1, dtype=values.dtype)
        return {"energy": single_block(result, per_system, [], "energy")}


class Committee(torch.nn.Module):
    """Energy, its ensemble and its uncertainty, of systems and of atoms, all or selected ones."""

    def __init__(self):
        super().__init__()
        self.members = torch.nn.ModuleList([PairEnergy(cutoff, False, True) for cutoff in [2.0, 2.5, 3.0]])

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        rows: List[List[int]] = []
        energies: List[torch.Tensor] = []
        for s, system in enumerate(systems):
            of_members: List[torch.Tensor] = []
            for member in self.members:
                of_members.append(member(system))
            energies.append(torch.stack(of_members, dim=1))
            for a in range(len(system)):
                rows.append([s, a])
        samples = Labels(["system", "atom"], torch.tensor(rows))
        ensemble = single_block(torch.cat(energies), samples, [], "energy")
        if selected_atoms is not None:
            ensemble = metatensor.torch.slice(ensemble, "samples", selected_atoms)
        results: Dict[str, TensorMap] = {}
        for name, output in outputs.items():
            values = ensemble
            if not output.per_atom:
                values = metatensor.torch.sum_over_samples(ensemble, ["atom"])
            block = values.block()
            if name == "energy":
                results[name] = single_block(block.values.mean(1, keepdim=True), block.samples, [], "energy")
            elif name == "energy_uncertainty":
                results[name] = single_block(block.values.std(1, keepdim=True), block.samples, [], "energy")
            elif name == "energy_ensemble":
                results[name] = values
        return results


class Gradients(torch.nn.Module):
    """Energy with gradients that the model itself computes: those of a harmonic trap, and of its strain."""

    def __init__(self):
        super().__init__()
        self.springs = PairEnergy(2.5, True, False)

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        rows: List[List[int]] = []
        energies: List[torch.Tensor] = []
        forces: List[torch.Tensor] = []
        strains: List[torch.Tensor] = []
        for s, system in enumerate(systems):
            energies.append(0.5 * (system.positions**2).sum() + self.springs(system).sum())
            forces.append(system.positions.detach())
            strains.append(system.positions.detach().T @ system.positions.detach())
            for a in range(len(system)):
                rows.append([s, s, a])
        per_system = Labels(["system"], torch.arange(len(systems)).reshape(-1, 1))
        properties = Labels(["energy"], torch.tensor([[0]]))
        energy = TensorBlock(torch.stack(energies).reshape(-1, 1), per_system, [], properties)
        xyz = torch.tensor([[0], [1], [2]])
        if "positions" in outputs["energy"].explicit_gradients:
            samples = Labels(["sample", "system", "atom"], torch.tensor(rows))
            values = torch.cat(forces).reshape(-1, 3, 1)
            energy.add_gradient("positions", TensorBlock(values, samples, [Labels(["xyz"], xyz)], properties))
        if "strain" in outputs["energy"].explicit_gradients:
            samples = Labels(["sample"], torch.arange(len(systems)).reshape(-1, 1))
            components = [Labels(["xyz_1"], xyz), Labels(["xyz_2"], xyz)]
            values = torch.stack(strains).reshape(-1, 3, 3, 1)
            energy.add_gradient("strain", TensorBlock(values, samples, components, properties))
        return {"energy": TensorMap(Labels(["_"], torch.tensor([[0]])), [energy])}


class Variants(torch.nn.Module):
    """Energies of two methods, under names of variants, and one of each pair of atoms."""

    def __init__(self):
        super().__init__()
        self.near = PairEnergy(2.0, False, False)
        self.far = PairEnergy(3.0, False, False)

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        rows: List[torch.Tensor] = []
        near: List[torch.Tensor] = []
        far: List[torch.Tensor] = []
        stretches: List[torch.Tensor] = []
        for s, system in enumerate(systems):
            near.append(self.near(system).sum())
            far.append(self.far(system).sum())
            pairs = system.get_neighbor_list(self.near.request)
            stretches.append(torch.linalg.norm(pairs.values.reshape(-1, 3), dim=1, keepdim=True))
            rows.append(torch.cat([torch.full([len(pairs), 1], s), pairs.samples.values], dim=1))
        per_system = Labels(["system"], torch.arange(len(systems)).reshape(-1, 1))
        results: Dict[str, TensorMap] = {}
        for name, output in outputs.items():
            if name == "energy" or name == "energy/near":
                results[name] = single_block(torch.stack(near).reshape(-1, 1), per_system, [], "energy")
            elif name == "energy/far":
                results[name] = single_block(torch.stack(far).reshape(-1, 1), per_system, [], "energy")
            elif name == "mine::distance":
                names = ["system", "first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"]
                results[name] = single_block(torch.cat(stretches), Labels(names, torch.cat(rows)), [], "distance")
        return results


class Inputs(torch.nn.Module):
    """Energy that depends on data of the engine: charges and masses of atoms, and a field of its own in each system."""

    def __init__(self):
        super().__init__()
        self.springs = PairEnergy(2.5, True, True)

    def requested_inputs(self) -> Dict[str, ModelOutput]:
        return {
            "charge": ModelOutput(unit="e", sample_kind="atom"),
            "mass": ModelOutput(unit="u", sample_kind="atom"),
            "mine::field": ModelOutput(unit="eV", sample_kind="system"),
        }

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        energies: List[torch.Tensor] = []
        for system in systems:
            charges = system.get_data("charge").block().values
            masses = system.get_data("mass").block().values
            field = system.get_data("mine::field").block().values
            energies.append(self.springs(system).sum() + (field * charges**2 / masses).sum())
        per_system = Labels(["system"], torch.arange(len(systems)).reshape(-1, 1))
        return {"energy": single_block(torch.stack(energies).reshape(-1, 1), per_system, [], "energy")}


def outputs_of(case) -> Dict[str, ModelOutput]:
    result = {}
    for name, unit in case.outputs.items():
        quantity = {"non_conservative_forces": "force", "non_conservative_stress": "pressure"}.get(name, "energy")
        if name == "mine::distance":
            result[name] = ModelOutput(unit=unit, sample_kind="atom_pair")
            continue
        per_atom = case.is_per_atom or name == "non_conservative_forces"
        result[name] = ModelOutput(
            quantity=quantity if unit else "",
            unit=unit,
            per_atom=per_atom,
            explicit_gradients=["positions", "strain"] if isinstance(case.module, Gradients) else [],
        )
    return result


MANY = {
    "energy": "eV",
    "energy_ensemble": "eV",
    "energy_uncertainty": "eV",
    "features": "",
    "mine::shifted": "",
    "non_conservative_forces": "eV/Angstrom",
    "non_conservative_stress": "eV/Angstrom^3",
}
COMMITTEE = {"energy": "eV", "energy_ensemble": "eV", "energy_uncertainty": "eV"}
VARIANTS = {"energy": "eV", "energy/near": "eV", "energy/far": "Hartree", "mine::distance": "angstrom"}


class Case(NamedTuple):
    name: str
    module: torch.nn.Module
    outputs: Dict[str, str]  # units by name
    dtype: str = "float64"
    length_unit: str = "angstrom"
    is_per_atom: bool = False  # are outputs per atom, and of selected atoms, computed, too?


def models():
    yield Case("springs", Springs(), {"energy": "kcal/mol"}, is_per_atom=True)
    yield Case("springs-float32", Springs(), {"energy": "eV"}, "float32", is_per_atom=True)
    yield Case("many-outputs", ManyOutputs(), MANY)
    yield Case("by-type", ByType(), {"energy": "eV"})
    yield Case("dense", Dense(), {"energy": "eV"})
    yield Case("many-outputs-float32", ManyOutputs(), MANY, "float32")
    yield Case("committee", Committee(), COMMITTEE, is_per_atom=True)
    yield Case("committee-float32", Committee(), COMMITTEE, "float32", is_per_atom=True)
    yield Case("gradients", Gradients(), {"energy": "eV"})
    yield Case("atomic-units", Springs(), {"energy": "Hartree"}, length_unit="bohr", is_per_atom=True)
    if not IS_LEGACY:  # which knew neither variants nor data that models request
        yield Case("variants", Variants(), VARIANTS)
        yield Case("inputs", Inputs(), {"energy": "eV"})
        yield Case("inputs-float32", Inputs(), {"energy": "eV"}, "float32")


def pair_rows(positions, cell, pbc, cutoff, full_list):
    """Rows (i, j, shifts) of all pairs closer than the cutoff."""
    rows = []
    reach = [[-1, 0, 1] if periodic else [0] for periodic in pbc.tolist()]
    for i, j in itertools.product(range(len(positions)), repeat=2):
        for shift in itertools.product(*reach):
            after = shift > (0, 0, 0)
            if (i == j and shift == (0, 0, 0)) or not (full_list or i < j or (i == j and after)):
                continue
            vector = positions[j] - positions[i] + torch.tensor(shift, dtype=cell.dtype) @ cell
            if vector.norm() < cutoff:
                rows.append([i, j, *shift])
    return torch.tensor(rows, dtype=torch.int32).reshape(-1, 5)


def structures(dtype):
    """Types, positions, cell and pbc in nanometers: a periodic crystal with displaced atoms, and a free molecule."""
    grid = torch.tensor(list(itertools.product(range(2), repeat=3)), dtype=torch.float64)
    displacements = torch.sin(torch.arange(24.0, dtype=torch.float64)).reshape(8, 3) * 0.02
    crystal = grid * 0.2 + displacements
    pbc = torch.tensor([True, True, True])
    yield torch.tensor([1, 8, 1, 8, 8, 1, 8, 1]), crystal.to(dtype), (0.42 * torch.eye(3)).to(dtype), pbc
    molecule = torch.tensor([[0.0, 0.0, 0.0], [0.0, 0.06, 0.08], [0.1, 0.0, 0.02]], dtype=dtype)
    yield torch.tensor([8, 1, 1]), molecule, torch.zeros(3, 3, dtype=dtype), ~pbc


def make_systems(model, dtype, results):
    systems = []
    for s, (types, positions, cell, pbc) in enumerate(structures(dtype)):
        results.update({f"{s}.types": types, f"{s}.positions": positions, f"{s}.cell": cell, f"{s}.pbc": pbc})
        system = System(types, positions.clone().requires_grad_(True), cell, pbc)
        for n, request in enumerate(model.requested_neighbor_lists()):
            rows = pair_rows(positions, cell, pbc, request.engine_cutoff("nm"), request.full_list)
            i, j = rows[:, 0].long(), rows[:, 1].long()
            vectors = (positions[j] - positions[i] + rows[:, 2:].to(dtype) @ cell).reshape(-1, 3, 1)
            results.update({f"{s}.{n}.samples": rows, f"{s}.{n}.vectors": vectors})
            block = TensorBlock(
                vectors.clone(),
                Labels(["first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"], rows),
                [Labels(["xyz"], torch.tensor([[0], [1], [2]]))],
                Labels(["distance"], torch.tensor([[0]])),
            )
            register_autograd_neighbors(system, block, check_consistency=True)
            system.add_neighbor_list(request, block)
        if not IS_LEGACY:
            add_inputs(system, s, model.requested_inputs(use_new_names=True), results)
        systems.append(system)
    return systems


#: What the data of the engine come in
DATA_UNITS = {"charge": "e", "mass": "electron_mass", "mine::field": "kcal/mol"}


def add_inputs(system, s, requests, results):
    for name, request in requests.items():
        scale = 1822.9 if name == "mass" else 0.3
        is_of_atoms = request.sample_kind == "atom"
        n_rows = len(system) if is_of_atoms else 1
        values = (scale * (1.0 + torch.arange(float(n_rows), dtype=torch.float64))).reshape(-1, 1).to(system.positions.dtype)
        results[f"{s}.data.{name}"] = values
        if is_of_atoms:
            rows = torch.stack([torch.zeros(n_rows, dtype=torch.int32), torch.arange(n_rows, dtype=torch.int32)], dim=1)
            samples = Labels(["system", "atom"], rows)
        else:
            samples = Labels(["system"], torch.tensor([[0]]))
        data = single_block(values, samples, [], name.split("::")[-1])
        data.set_info("unit", DATA_UNITS[name])
        system.add_data(name, data)


#: What is asked of the outputs with a unit, by the engine
ENGINE_UNITS = {
    "kcal/mol": "eV",
    "eV": "meV",
    "Hartree": "eV",
    "eV/Angstrom": "eV/Angstrom",
    "eV/Angstrom^3": "eV/Angstrom^3",
    "angstrom": "nm",
    "": "",
}


SELECTED = torch.tensor([[0, 1], [0, 4], [1, 2]])


def run(model, case):
    results = {}
    systems = make_systems(model, getattr(torch, case.dtype), results)
    declared = outputs_of(case)
    kinds = [("", None)]
    if case.is_per_atom:
        kinds += [("atom:", None), ("selected:", Labels(["system", "atom"], SELECTED))]
    for prefix, selected in kinds:
        requested = {}
        for name, output in declared.items():
            unit = ENGINE_UNITS[output.unit]
            if name == "mine::distance":
                requested[name] = ModelOutput(unit=unit, sample_kind="atom_pair")
                continue
            per_atom = prefix == "atom:" or name == "non_conservative_forces"
            requested[name] = ModelOutput(
                quantity=output.quantity, unit=unit, per_atom=per_atom, explicit_gradients=output.explicit_gradients
            )
        options = ModelEvaluationOptions(length_unit="nm", outputs=requested, selected_atoms=selected)
        # metatomic-torch 0.1.19 refuses all outputs of pairs: "with sample kind 'atom_pair', only with 'atom_pair'"
        outputs = model(systems, options, check_consistency="mine::distance" not in requested)
        for name, output in outputs.items():
            block = output.block()
            results[f"{prefix}{name}.values"] = block.values.detach().clone()
            results[f"{prefix}{name}.samples"] = block.samples.values.clone()
            for parameter, gradient in block.gradients():
                results[f"{prefix}{name}.{parameter}.values"] = gradient.values.detach().clone()
                results[f"{prefix}{name}.{parameter}.samples"] = gradient.samples.values.clone()
        if prefix == "":
            energy = outputs["energy"].block().values.sum()
            for s, gradient in enumerate(torch.autograd.grad(energy, [system.positions for system in systems])):
                results[f"{s}.forces"] = -gradient
    return results


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    only = sys.argv[2:]
    for case in models():
        if only and case.name not in only:
            continue
        capabilities = ModelCapabilities(
            outputs=outputs_of(case),
            atomic_types=[1, 8],
            interaction_range=3.5,
            length_unit=case.length_unit,
            supported_devices=["cpu", "cuda"],
            dtype=case.dtype,
        )
        metadata = ModelMetadata(
            name=case.name,
            description="A model of the tests",
            authors=["The authors <authors@example.org>"],
            references={"model": ["A reference"], "architecture": ["Another one"]},
            extra={"key": "value"},
        )
        model = AtomisticModel(case.module.eval(), metadata, capabilities)
        model.save(str(folder / f"{case.name}.pt"))
        torch.save(run(model, case), folder / f"{case.name}.results.pt")


if __name__ == "__main__":
    main()
