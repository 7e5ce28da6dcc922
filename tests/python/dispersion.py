# SPDX-License-Identifier: BSD-3-Clause
"""Corrected models and systems, which tests run here and with the other implementation.

    python dispersion.py FOLDER

writes FOLDER/tables.pt, the reference data, and FOLDER/results.pt, all outputs and forces for all cases.
"""

import pathlib
import sys

import torch
from atoms import make_system, structure
from example_models import DIAMOND, perturbed
from zero_model import OUTPUTS, zero_model

from metatensor.torch import Labels
from metatomic.torch import ModelEvaluationOptions, ModelOutput
from metatomic.torch.dftd3 import DFTD3


DAMPING = {"a1": 0.3981, "a2": 4.4211, "s8": 1.9889}
OTHER_DAMPING = {"a1": 0.5, "a2": 4.0, "s8": 0.8, "s6": 0.9}
ALL_DAMPING = {name: OTHER_DAMPING if name == "energy/system" else DAMPING for name in OUTPUTS}
TYPES = [1, 6, 8, 26]
MOLECULE = structure(
    [6, 1, 8, 8, 1, 26],
    [[0.0, 0.0, 0.0], [0.0, 0.0, 1.1], [0.0, 1.0, -0.4], [2.9, 0.3, 0.1], [3.5, 1.2, 0.3], [1.0, 3.2, 1.1]],
)
SILICON = perturbed(5.4, DIAMOND, [14] * 8, 0.2)
#: by name: the system, the types the model knows, what is selected, and other arguments of the wrapper
CASES = {
    "molecule": (MOLECULE, TYPES, None, {}),
    "some of a molecule": (MOLECULE, TYPES, [0, 3], {}),
    "without oxygen": (MOLECULE, TYPES, None, {"excluded_atom_types": [8]}),
    "counted further": (MOLECULE, TYPES, None, {"cutoff": 3.0, "cn_cutoff": 4.0}),
    "silicon": (SILICON, [14], None, {"cutoff": 6.0, "cn_cutoff": 5.0}),
}


def evaluate(model, atoms, selected=None, differentiable=True):
    """All outputs by name, and minus the derivative of the energy with respect to positions as ``forces``."""
    system = make_system(atoms, model.requested_neighbor_lists(), differentiable=differentiable)
    if selected is not None:
        selected = Labels(["system", "atom"], torch.tensor([[0, atom] for atom in selected], dtype=torch.int32))
    requests = {name: ModelOutput(sample_kind=output.sample_kind) for name, output in OUTPUTS.items()}
    outputs = model([system], ModelEvaluationOptions("A", requests, selected), True)
    results = {name: output.block().values.squeeze(-1) for name, output in outputs.items()}
    if differentiable:
        results["forces"] = -torch.autograd.grad(results["energy"].sum(), system.positions)[0]
    return {name: values.detach() for name, values in results.items()}


def corrected(types, damping=ALL_DAMPING, **options):
    return DFTD3.wrap(zero_model(types), damping_params=damping, **options)


def main():
    from metatomic.torch import dftd3

    folder = pathlib.Path(sys.argv[1])
    torch.save(dftd3._load_dftd3_parameters(torch.float64), folder / "tables.pt")
    results = {}
    for name, (atoms, types, selected, options) in CASES.items():
        results[name] = evaluate(corrected(types, **options), atoms, selected)
    torch.save(results, folder / "results.pt")


if __name__ == "__main__":
    main()
