# SPDX-License-Identifier: BSD-3-Clause
"""What the saved models compute: soft springs between neighbors, and other things that are simple enough to follow."""

from typing import Dict, List, Optional

import metatensor.torch
import torch
from metatensor.torch import Labels, TensorBlock, TensorMap
from either_generation import ModelOutput, NeighborListOptions, System


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
