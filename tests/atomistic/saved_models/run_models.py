# SPDX-License-Identifier: BSD-3-Clause
"""Runs models and writes what they give: ``python run_models.py MODELS RESULTS``, two folders, may be the same.

For each ``NAME.pt``, ``NAME.results.pt`` is a dictionary. For system ``i`` there are ``i.types``, ``i.positions``, ``i.cell``
and ``i.pbc`` in the units of the engine, here nanometers; for the neighbor list ``n`` that the model requests ``i.n.samples``
and ``i.n.vectors``; for data that it requests ``i.data.NAME``, values in ``DATA_UNITS``. ``i.forces`` is minus the derivative
of the energy. What `recorded` gives is there for each output under its name, for the one per atom under ``atom:NAME``, for
the one of the selected atoms under ``selected:NAME``.
"""

import itertools
import pathlib
import sys

import torch
from metatensor.torch import Labels, TensorBlock, TensorMap
from either_generation import (
    IS_LEGACY,
    ModelEvaluationOptions,
    ModelOutput,
    System,
    load_atomistic_model,
    register_autograd_neighbors,
)


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
        properties = Labels([name.split("::")[-1]], torch.tensor([[0]]))
        data = TensorMap(Labels(["_"], torch.tensor([[0]])), [TensorBlock(values, samples, [], properties)])
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


NEW_NAMES = ["feature", "non_conservative_force"]
SELECTED = torch.tensor([[0, 1], [0, 4], [1, 2]])


def recorded(name, tensor):
    """All that is in a map of one block: ``NAME.keys`` and, of the block and of ``NAME.PARAMETER``, each of its gradients,
    ``.values``, ``.samples``, ``.components.N``, ``.properties``, and ``.names``, those of the dimensions of these labels."""
    results = {f"{name}.keys": tensor.keys.values.clone(), f"{name}.keys.names": list(tensor.keys.names)}
    block = tensor.block()
    blocks = {name: block, **{f"{name}.{parameter}": gradient for parameter, gradient in block.gradients()}}
    for prefix, block in blocks.items():
        results[f"{prefix}.values"] = block.values.detach().clone()
        labels = {"samples": block.samples, "properties": block.properties}
        labels.update({f"components.{c}": component for c, component in enumerate(block.components)})
        for which, entries in labels.items():
            results[f"{prefix}.{which}"] = entries.values.clone()
            results[f"{prefix}.{which}.names"] = list(entries.names)
    return results


def run(model):
    """Inputs and results, see above."""
    results = {}
    capabilities = model.capabilities()
    systems = make_systems(model, getattr(torch, capabilities.dtype), results)
    # packages of today list outputs with old names under the new ones, too
    declared = {name: output for name, output in capabilities.outputs.items() if name not in NEW_NAMES}
    kinds = [("", None)]
    if declared["energy"].per_atom:
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
            results.update(recorded(prefix + name, output))
        if prefix == "":
            energy = outputs["energy"].block().values.sum()
            for s, gradient in enumerate(torch.autograd.grad(energy, [system.positions for system in systems])):
                results[f"{s}.forces"] = -gradient
    return results


def main():
    models, folder = map(pathlib.Path, sys.argv[1:])
    folder.mkdir(exist_ok=True)
    for path in sorted(models.glob("*.pt")):
        if not path.name.endswith(".results.pt"):
            torch.save(run(load_atomistic_model(str(path))), folder / f"{path.stem}.results.pt")


if __name__ == "__main__":
    main()
