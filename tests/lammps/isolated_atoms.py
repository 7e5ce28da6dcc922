# SPDX-License-Identifier: BSD-3-Clause
"""Lennard-Jones argon with an energy for each atom alone, in several variants: `python isolated_atoms.py --energies 0 -5`.

With one energy the output is "energy", with several "energy/0", "energy/1", ...
"""

import argparse
import pathlib
import sys
from typing import Dict, List, Optional

import torch

from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import (
    AtomisticModel,
    ModelCapabilities,
    ModelMetadata,
    ModelOutput,
    NeighborListOptions,
    System,
)


sys.path.append(str(pathlib.Path(__file__).parents[2] / "examples" / "python"))
from lennard_jones import LennardJones  # noqa: E402


class IsolatedAtoms(torch.nn.Module):
    def __init__(self, energies: Dict[str, float]):
        super().__init__()
        self.energies = energies
        self.pairs = LennardJones([18], sigma=[3.405], epsilon=[0.0103], cutoff=8.5, full_list=True)

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        return self.pairs.requested_neighbor_lists()

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        results: Dict[str, TensorMap] = {}
        for name, output in outputs.items():
            energy_of_pairs = self.pairs(systems, {"energy": output}, selected_atoms)["energy"]
            block = energy_of_pairs.block()
            n_atoms = len(systems[0]) if selected_atoms is None else len(selected_atoms)
            n_atoms_of_value = 1 if output.sample_kind == "atom" else n_atoms
            values = block.values + n_atoms_of_value * self.energies[name]
            results[name] = TensorMap(
                energy_of_pairs.keys, [TensorBlock(values, block.samples, block.components, block.properties)]
            )
        return results


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--output")
    parser.add_argument("--energies", type=float, nargs="+")
    parser.add_argument("--dtype", default="float64")
    arguments = parser.parse_args()
    names = [f"energy/{i}" for i in range(len(arguments.energies))] if len(arguments.energies) > 1 else ["energy"]
    capabilities = ModelCapabilities(
        outputs={name: ModelOutput(unit="eV", sample_kind="atom", description=name) for name in names},
        atomic_types=[18],
        interaction_range=8.5,
        length_unit="angstrom",
        supported_devices=["cuda", "cpu"],
        dtype=arguments.dtype,
    )
    module = IsolatedAtoms(dict(zip(names, arguments.energies))).to(getattr(torch, arguments.dtype))
    AtomisticModel(module.eval(), ModelMetadata(), capabilities).save(arguments.output)
