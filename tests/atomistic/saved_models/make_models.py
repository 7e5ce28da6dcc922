# SPDX-License-Identifier: BSD-3-Clause
"""Writes the models of this folder, with what the packages that wrote them compute: ``python make_models.py FOLDER``.

The folders are named after what wrote them: ``scripts/saved_models.sh`` makes the environments and runs this script in each.
Every ``NAME.pt`` is a model, and ``NAME.results.pt`` a dictionary of tensors: for system ``i``, ``i.types``,
``i.positions``, ``i.cell`` and ``i.pbc`` in the units of the engine, here nanometers; for the neighbor list ``n`` that the
model requests ``i.n.samples`` and ``i.n.vectors``; for each output ``NAME.values`` and ``NAME.samples``, where ``atom:NAME``
is the one per atom and ``selected:NAME`` the one of the selected atoms; ``i.forces``, minus the derivative of the energy.
"""

import itertools
import pathlib
import sys
from typing import Dict, List, Optional

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


def outputs_of(module, names: Dict[str, str]) -> Dict[str, ModelOutput]:
    result = {}
    for name, unit in names.items():
        quantity = {"non_conservative_forces": "force", "non_conservative_stress": "pressure"}.get(name, "energy")
        per_atom = isinstance(module, Springs) or name == "non_conservative_forces"
        result[name] = ModelOutput(quantity=quantity if unit else "", unit=unit, per_atom=per_atom)
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


def models():
    yield "springs", Springs(), {"energy": "kcal/mol"}, "float64"
    yield "springs-float32", Springs(), {"energy": "eV"}, "float32"
    yield "many-outputs", ManyOutputs(), MANY, "float64"
    yield "by-type", ByType(), {"energy": "eV"}, "float64"
    yield "dense", Dense(), {"energy": "eV"}, "float64"


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
        systems.append(system)
    return systems


#: What is asked of the outputs with a unit, by the engine
ENGINE_UNITS = {"kcal/mol": "eV", "eV": "meV", "eV/Angstrom": "eV/Angstrom", "eV/Angstrom^3": "eV/Angstrom^3", "": ""}


SELECTED = torch.tensor([[0, 1], [0, 4], [1, 2]])


def run(model, names, dtype):
    results = {}
    systems = make_systems(model, dtype, results)
    declared = outputs_of(model.module, names)
    kinds = [("", None)]
    if isinstance(model.module, Springs):
        kinds += [("atom:", None), ("selected:", Labels(["system", "atom"], SELECTED))]
    for prefix, selected in kinds:
        requested = {}
        for name, output in declared.items():
            unit = ENGINE_UNITS[output.unit]
            per_atom = prefix == "atom:" or name == "non_conservative_forces"
            requested[name] = ModelOutput(quantity=output.quantity, unit=unit, per_atom=per_atom)
        options = ModelEvaluationOptions(length_unit="nm", outputs=requested, selected_atoms=selected)
        outputs = model(systems, options, check_consistency=True)
        for name, output in outputs.items():
            block = output.block()
            results[f"{prefix}{name}.values"] = block.values.detach().clone()
            results[f"{prefix}{name}.samples"] = block.samples.values.clone()
        if prefix == "":
            energy = outputs["energy"].block().values.sum()
            for s, gradient in enumerate(torch.autograd.grad(energy, [system.positions for system in systems])):
                results[f"{s}.forces"] = -gradient
    return results


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    for name, module, outputs, dtype in models():
        capabilities = ModelCapabilities(
            outputs=outputs_of(module, outputs),
            atomic_types=[1, 8],
            interaction_range=3.5,
            length_unit="angstrom",
            supported_devices=["cpu", "cuda"],
            dtype=dtype,
        )
        metadata = ModelMetadata(
            name=name,
            description="A model of the tests",
            authors=["The authors <authors@example.org>"],
            references={"model": ["A reference"], "architecture": ["Another one"]},
            extra={"key": "value"},
        )
        model = AtomisticModel(module.eval(), metadata, capabilities)
        model.save(str(folder / f"{name}.pt"))
        torch.save(run(model, outputs, getattr(torch, dtype)), folder / f"{name}.results.pt")


if __name__ == "__main__":
    main()
