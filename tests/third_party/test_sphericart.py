# SPDX-License-Identifier: BSD-3-Clause
"""sphericart-torch beside this library: its operators in a model that is saved with them, and its maps of blocks."""

import subprocess
import sys
from typing import Dict, List, Optional

import pytest
import sphericart.torch
import torch
from atoms import energies, forces, forces_by_differences
from example_models import DIAMOND, perturbed
from sphericart.torch.metatensor import SphericalHarmonics as SphericalHarmonicsOfMaps

from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import (
    AtomisticModel,
    ModelCapabilities,
    ModelMetadata,
    ModelOutput,
    NeighborListOptions,
    System,
    load_atomistic_model,
)


CUTOFF, L_MAX = 4.0, 4
ATOMS = perturbed(5.43, DIAMOND, [14] * 8, 0.2)._replace(cell=5.43 * torch.eye(3, dtype=torch.float64))


class Moments(torch.nn.Module):
    """Energies U_i = sum_l (sum_m c_ilm^2) / (l + 1) of moments c_ilm = sum_j w(r_ij) Y_lm(r_ij)."""

    def __init__(self):
        super().__init__()
        self.request = NeighborListOptions(CUTOFF, True, True)
        self.harmonics = sphericart.torch.SphericalHarmonics(L_MAX)

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        return [self.request]

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        results: Dict[str, TensorMap] = {}
        if "energy" not in outputs:
            return results
        values: List[torch.Tensor] = []
        rows: List[torch.Tensor] = []
        for i, system in enumerate(systems):
            pairs = system.get_neighbor_list(self.request)
            vectors = pairs.values.reshape(-1, 3)
            weights = (1 - vectors.square().sum(dim=1) / self.request.cutoff**2) ** 2
            weighted = weights[:, None] * self.harmonics.compute(vectors)
            moments = torch.zeros(len(system), weighted.shape[1], dtype=vectors.dtype, device=vectors.device)
            moments = moments.index_add(0, pairs.samples.column("first_atom").to(torch.int64), weighted)
            energy = torch.zeros_like(moments[:, 0])
            for order in range(5):
                energy = energy + moments[:, order * order : (order + 1) * (order + 1)].square().sum(dim=1) / (order + 1)
            values.append(energy)
            atoms = torch.arange(len(system), device=vectors.device)
            rows.append(torch.stack([torch.full_like(atoms, i), atoms], dim=1))
        zero = torch.tensor([[0]], device=systems[0].device)
        samples = Labels(["system", "atom"], torch.cat(rows))
        block = TensorBlock(torch.cat(values)[:, None], samples, [], Labels("energy", zero))
        energies_of_atoms = TensorMap(Labels("_", zero), [block])
        if selected_atoms is not None:
            energies_of_atoms = torch.ops.metatensor.slice(energies_of_atoms, "samples", selected_atoms)
        if outputs["energy"].sample_kind == "system":
            energies_of_atoms = torch.ops.metatensor.sum_over_samples(energies_of_atoms, ["atom"])
        results["energy"] = energies_of_atoms
        return results


def moments_model():
    output = ModelOutput(unit="eV", sample_kind="atom")
    capabilities = ModelCapabilities({"energy": output}, [14], CUTOFF, "A", ["cpu"], "float64")
    return AtomisticModel(Moments().eval(), ModelMetadata(), capabilities)


def expected_energies(atoms):
    """The same by the addition theorem, (2l + 1) / 4 pi P_l(cos) for the sum over m, without spherical harmonics."""
    shifts = torch.cartesian_prod(*3 * [torch.arange(-1.0, 2.0, dtype=torch.float64)]) @ atoms.cell
    result = []
    for center in atoms.positions:
        vectors = (atoms.positions[None] + shifts[:, None]).reshape(-1, 3) - center
        distances = vectors.norm(dim=1)
        is_pair = (distances < CUTOFF) & (distances > 1e-9)
        vectors, distances = vectors[is_pair], distances[is_pair]
        weights = (1 - (distances / CUTOFF) ** 2) ** 2
        cosines = vectors @ vectors.T / (distances[:, None] * distances)
        legendre = [torch.ones_like(cosines), cosines]
        for n in range(1, L_MAX):
            legendre.append(((2 * n + 1) * cosines * legendre[n] - n * legendre[n - 1]) / (n + 1))
        result.append(sum((2 * n + 1) / (4 * torch.pi) * (weights @ p @ weights) / (n + 1) for n, p in enumerate(legendre)))
    return torch.stack(result)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("moments")
    moments_model().save(folder / "moments.pt", collect_extensions=folder / "extensions")
    return folder


def test_energies_and_forces(saved):
    loaded = load_atomistic_model(saved / "moments.pt", extensions_directory=saved / "extensions")
    expected = expected_energies(ATOMS)
    for model in [moments_model(), loaded]:
        found = energies(model, ATOMS, "atom")
        print(f"\nenergies of atoms up to {expected.max():.3f}: differ by {(found - expected).abs().max():.1e} at most", end="")
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)
        torch.testing.assert_close(forces(model, ATOMS), forces_by_differences(model, ATOMS), rtol=1e-6, atol=1e-7)


def test_a_new_process_finds_the_operators(saved):
    """Nothing imports sphericart there: its library is one of those that the file names."""
    code = (
        "import sys; from metatomic.torch import load_atomistic_model\n"
        "load_atomistic_model(sys.argv[1], extensions_directory=sys.argv[2])\n"
        "assert not [name for name in sys.modules if 'sphericart' in name]"
    )
    subprocess.run([sys.executable, "-c", code, saved / "moments.pt", saved / "extensions"], check=True)


def test_lammps_refuses_forces_without_derivatives(saved, lammps):
    """sphericart-torch 2.0 has its derivatives in Python, where torch would take them for zero without it."""
    edge = float(ATOMS.cell[0, 0])
    lines = ["units metal", "atom_modify map array", f"region box block 0 {edge!r} 0 {edge!r} 0 {edge!r}", "create_box 1 box"]
    for position in (ATOMS.positions % edge).tolist():
        lines.append("create_atoms 1 single {!r} {!r} {!r} units box".format(*position))
    lines += ["mass * 28.0", f"plugin load {lammps.plugin}"]
    lines += [f"pair_style metatensor {saved}/moments.pt extensions {saved}/extensions", "pair_coeff * * Si", "run 0"]
    output = lammps.run("\n".join(lines) + "\n", check=False)
    assert "the operator 'sphericart_torch::spherical_harmonics' of the model has no derivative in this process" in output


def test_harmonics_of_maps():
    """sphericart's functions of maps are written for metatensor-torch, and get ours."""
    vectors = torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    labels = [Labels.range("sample", 5), [Labels.range("xyz", 3)], Labels.range("_", 1)]
    map_of_vectors = TensorMap(Labels.single(), [TensorBlock(vectors[:, :, None], *labels)])
    calculator = SphericalHarmonicsOfMaps(2)
    result = calculator.compute_with_gradients(map_of_vectors)
    assert result.keys == Labels("o3_lambda", torch.tensor([[0], [1], [2]]))
    expected = sphericart.torch.SphericalHarmonics(2).compute(vectors)
    for order, block in enumerate(result.blocks()):
        assert torch.equal(block.values[:, :, 0], expected[:, order**2 : (order + 1) ** 2])
        assert block.gradient("positions").values.shape == (5, 3, 2 * order + 1, 1)
