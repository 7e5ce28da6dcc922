# SPDX-License-Identifier: BSD-3-Clause
"""A model whose outputs are all 0, for what wrappers add to them; runs with the other implementation, too."""

from typing import Dict, List, Optional

import torch

from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import AtomisticModel, ModelCapabilities, ModelMetadata, ModelOutput, System


OUTPUTS = {
    "energy": ModelOutput(unit="eV", sample_kind="atom", description="of atoms"),
    "energy/system": ModelOutput(unit="kJ/mol", sample_kind="system", description="of systems"),
    "non_conservative_force": ModelOutput(unit="eV/A", sample_kind="atom"),
    "non_conservative_stress": ModelOutput(unit="eV/A^3", sample_kind="system"),
}


class Zero(torch.nn.Module):
    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        results: Dict[str, TensorMap] = {}
        for name, output in outputs.items():
            n_axes = 2 if "stress" in name else 1 if "force" in name else 0
            rows: List[List[int]] = []
            for i, system in enumerate(systems):
                if output.sample_kind == "system":
                    rows.append([i])
                else:
                    for atom in range(len(system)):
                        rows.append([i, atom])
            names = ["system"] if output.sample_kind == "system" else ["system", "atom"]
            samples = Labels(names, torch.tensor(rows))
            if selected_atoms is not None and output.sample_kind == "atom":
                samples = Labels(names, samples.values[samples.select(selected_atoms)])
            axes: List[Labels] = []
            for i in range(n_axes):
                axes.append(Labels("xyz" if n_axes == 1 else "xyz_" + str(i + 1), torch.arange(3).reshape(3, 1)))
            values = torch.zeros([len(samples)] + [3] * n_axes + [1], dtype=systems[0].positions.dtype)
            quantity = name.split("/")[0]
            properties = Labels(quantity, torch.tensor([[0]]))
            results[name] = TensorMap(
                Labels("_", torch.tensor([[0]])), [TensorBlock(values, samples, axes, properties)]
            )
        return results


def zero_model(types: List[int], **changes) -> AtomisticModel:
    """All of ``OUTPUTS`` in float64 and Å; other capabilities by name."""
    capabilities = dict(
        outputs=OUTPUTS,
        atomic_types=types,
        interaction_range=0.0,
        length_unit="A",
        supported_devices=["cpu"],
        dtype="float64",
    )
    return AtomisticModel(Zero().eval(), ModelMetadata("zero"), ModelCapabilities(**{**capabilities, **changes}))
