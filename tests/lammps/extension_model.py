# SPDX-License-Identifier: BSD-3-Clause
"""A model with an operator of an extension: `python extension_model.py LIBRARY MODEL EXTENSIONS`.

Builds the LIBRARY from extension.cpp, and exports the MODEL, with its extensions into the folder EXTENSIONS. A model
without the operator goes beside it, into plain.pt: it has half the energy.
"""

import pathlib
import subprocess
import sys
from typing import Dict, List, Optional

import torch

from bad_models import Bad
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import AtomisticModel, ModelCapabilities, ModelMetadata, ModelOutput, NeighborListOptions, System


class Twice(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Bad("fine")

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        return self.inner.requested_neighbor_lists()

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        energy = self.inner(systems, outputs, selected_atoms)["energy"]
        block = energy.block()
        values = torch.ops.test_extension.twice(block.values)
        doubled = TensorBlock(values, block.samples, block.components, block.properties)
        return {"energy": TensorMap(energy.keys, [doubled])}


def build(library):
    source = pathlib.Path(__file__).with_name("extension.cpp")
    torch_dir = pathlib.Path(torch.__file__).parent
    command = ["c++", "-std=c++20", "-O1", "-shared", "-fPIC", source, "-o", library, f"-I{torch_dir / 'include'}"]
    subprocess.run([*command, f"-L{torch_dir / 'lib'}", "-ltorch_cpu", "-lc10"], check=True)


def save(module, path, **options):
    capabilities = ModelCapabilities(
        outputs={"energy": ModelOutput(unit="eV", sample_kind="system")},
        atomic_types=[18],
        interaction_range=4.0,
        length_unit="angstrom",
        supported_devices=["cpu", "cuda"],
        dtype="float64",
    )
    AtomisticModel(module.eval(), ModelMetadata(), capabilities).save(str(path), **options)


if __name__ == "__main__":
    library, model, extensions = map(pathlib.Path, sys.argv[1:])
    save(Bad("fine"), model.with_name("plain.pt"))
    build(library)
    torch.ops.load_library(library)
    save(Twice(), model, collect_extensions=str(extensions))
