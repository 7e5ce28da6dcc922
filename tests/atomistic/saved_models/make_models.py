# SPDX-License-Identifier: BSD-3-Clause
"""Writes the models of a folder: ``python make_models.py FOLDER [NAME ...]``, each as ``NAME.pt``.

The folders are named after what wrote them: ``scripts/saved_models.sh`` makes the environments and runs this script in each,
then run_models.py, which writes what the models give.
"""

import pathlib
import sys
from typing import Dict, NamedTuple

import torch
from modules import ByType, Committee, Dense, Gradients, Inputs, ManyOutputs, Springs, Variants
from either_generation import IS_LEGACY, AtomisticModel, ModelCapabilities, ModelMetadata, ModelOutput


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
        AtomisticModel(case.module.eval(), metadata, capabilities).save(str(folder / f"{case.name}.pt"))


if __name__ == "__main__":
    main()
