# SPDX-License-Identifier: BSD-3-Clause
"""A model whose outputs rotate wrongly, and what symmetrized models make of it; runs with the other implementation, too.

    python anisotropic.py FILE

writes transformations and all outputs of the symmetrized model. METATENSOR_ASE_PACKAGES is a folder with SciPy.
"""

import os
import sys
from typing import Dict, List, Optional

import torch

from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import (
    AtomisticModel,
    ModelCapabilities,
    ModelEvaluationOptions,
    ModelMetadata,
    ModelOutput,
    System,
)


OUTPUTS = {
    "energy": ModelOutput(unit="eV", sample_kind="system", description="of systems"),
    "energy/atoms": ModelOutput(unit="eV", sample_kind="atom", description="of atoms"),
    "feature": ModelOutput(sample_kind="atom"),
    "non_conservative_force": ModelOutput(unit="eV/A", sample_kind="atom"),
    "non_conservative_stress": ModelOutput(unit="eV/A^3", sample_kind="system"),
    "test::quadrupole": ModelOutput(sample_kind="atom"),
    "test::vector": ModelOutput(sample_kind="atom"),
}


class Anisotropic(torch.nn.Module):
    """Polynomials of positions that are no vectors or tensors, since they have a direction of their own."""

    def __init__(self):
        super().__init__()
        self.register_buffer("direction", torch.tensor([0.3, -0.2, 0.5], dtype=torch.float64))

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        results: Dict[str, TensorMap] = {}
        for name, output in outputs.items():
            rows: List[torch.Tensor] = []
            parts: List[torch.Tensor] = []
            for i, system in enumerate(systems):
                values = self.values(name, system.positions)
                atoms = torch.arange(len(system))
                if output.sample_kind == "system":
                    values, atoms = values.sum(dim=0, keepdim=True), atoms[:1]
                parts.append(values)
                rows.append(torch.stack([torch.full_like(atoms, i), atoms], dim=1))
            samples = Labels(["system", "atom"], torch.cat(rows))
            values = torch.cat(parts)
            if output.sample_kind == "system":
                samples = Labels(["system"], samples.values[:, :1])
            elif selected_atoms is not None:
                kept = samples.select(selected_atoms)
                samples, values = Labels(["system", "atom"], samples.values[kept]), values[kept]
            results[name] = self.tensor(name, values, samples)
        return results

    def values(self, name: str, positions: torch.Tensor) -> torch.Tensor:
        direction = self.direction.to(positions.dtype)
        x, y, z = positions[:, 0], positions[:, 1], positions[:, 2]
        scalars = torch.exp(-0.3 * (positions * positions).sum(dim=1)) + 0.2 * (positions @ direction) + 0.1 * x**2
        vectors = positions * scalars[:, None] + direction
        if name.startswith("energy"):
            return scalars[:, None]
        if name in ["feature", "test::named"]:
            features = torch.stack([scalars, scalars**2], dim=1)
            return features if name == "feature" else features[:, :, None]
        if name in ["non_conservative_force", "test::vector"]:
            return vectors[:, :, None]
        if name == "non_conservative_stress":
            return (positions[:, :, None] * vectors[:, None, :])[..., None]
        quadrupole = [x * y, y * z, (2 * z**2 - x**2 - y**2) / 12**0.5, x * z, (x**2 - y**2) / 2]
        return torch.stack(quadrupole, dim=1)[..., None] + 0.1 * scalars[:, None, None]

    def tensor(self, name: str, values: torch.Tensor, samples: Labels) -> TensorMap:
        keys = Labels("_", torch.tensor([[0]]))
        components: List[Labels] = []
        xyz = torch.arange(3).reshape(3, 1)
        if name in ["non_conservative_force", "test::vector"]:
            components = [Labels("xyz", xyz)]
        elif name == "non_conservative_stress":
            components = [Labels("xyz_1", xyz), Labels("xyz_2", xyz)]
        elif name == "test::quadrupole":
            components = [Labels("o3_mu", torch.arange(-2, 3).reshape(5, 1))]
            keys = Labels(["o3_lambda", "o3_sigma"], torch.tensor([[2, 1]]))
        elif name == "test::named":
            components = [Labels("which", torch.arange(2).reshape(2, 1))]
        properties = Labels(name.split("::")[-1].split("/")[0], torch.arange(values.shape[-1]).reshape(-1, 1))
        return TensorMap(keys, [TensorBlock(values, samples, components, properties)])


def anisotropic_model(dtype: str = "float64", outputs=OUTPUTS) -> AtomisticModel:
    capabilities = ModelCapabilities(outputs, [1, 6], 3.0, "A", ["cpu"], dtype)
    return AtomisticModel(Anisotropic().eval(), ModelMetadata("anisotropic"), capabilities)


def two_systems(dtype: torch.dtype = torch.float64) -> List[System]:
    generator = torch.Generator().manual_seed(0)
    positions = [torch.randn(n, 3, generator=generator, dtype=torch.float64).to(dtype) for n in [3, 2]]
    none = torch.zeros(3, 3, dtype=dtype)
    return [
        System(torch.tensor([1, 6, 6]), positions[0], none, torch.tensor([False] * 3)),
        System(torch.tensor([6, 1]), positions[1], none + 4 * torch.eye(3), torch.tensor([True] * 3)),
    ]


def names_of_all(outputs=OUTPUTS) -> List[str]:
    return [start + name for name in outputs for start in ["", "o3::variance::", "o3::character_projection::"]]


def evaluate(model, systems, names, selected=None) -> Dict[str, TensorMap]:
    declared = model.capabilities().outputs
    requests = {name: ModelOutput(sample_kind=declared[name].sample_kind) for name in names}
    if selected is not None:
        selected = Labels(["system", "atom"], torch.tensor(selected, dtype=torch.int32))
    return model(systems, ModelEvaluationOptions("A", requests, selected), True)


def plain(tensor: TensorMap):
    """Keys, samples, components, properties and values, which can be compared elsewhere."""

    def labels(value):
        return value.names, value.values.tolist()

    blocks = [
        ([labels(part) for part in [block.samples, *block.components, block.properties]], block.values.detach())
        for block in tensor.blocks()
    ]
    return labels(tensor.keys), blocks


def main():
    sys.path.append(os.environ.get("METATENSOR_ASE_PACKAGES", ""))
    from metatomic.torch.o3 import SymmetrizedModel, random_transformations

    generator = torch.Generator().manual_seed(3)
    transformations = random_transformations(
        8, 8, device=torch.device("cpu"), dtype=torch.float64, add_inversions=True, generator=generator
    )
    results = {"matrices": transformations.matrices}
    results["wigner"] = [transformations.wigner_D_matrices(ell) for ell in range(9)]
    model = SymmetrizedModel.wrap(
        anisotropic_model(), max_angular_momentum_target=2, max_angular_momentum_character=3, batch_size=50
    )
    for selected in [None, [[0, 1], [1, 0], [1, 1]]]:
        outputs = evaluate(model, two_systems(), names_of_all(), selected)
        results[str(selected)] = {name: plain(tensor) for name, tensor in outputs.items()}
    torch.save(results, sys.argv[1])


if __name__ == "__main__":
    main()
