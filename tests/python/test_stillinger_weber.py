# SPDX-License-Identifier: BSD-3-Clause
"""The Stillinger-Weber example against its formula, written out for one triplet at a time."""

import itertools
import math
import subprocess
import sys

import pytest
import torch
from atoms import Structure, energies, forces, forces_by_differences, pair_rows, structure
from conftest import ROOT
from example_models import DIAMOND, SILICON, perturbed, silicon, write_parameters

from metatomic.torch import load_atomistic_model
from stillinger_weber import read_parameters, stillinger_weber_model


# Made up: all that can differ between pairs and triplets does; entries i j k (j != k) have only what is used.
ALLOY = """
Ga Ga Ga 1.20 2.10 1.6 32.5 1.2 -0.33 7.917 0.72 4.0 0.0 0.0
N  N  N  1.30 1.30 1.8 31.5 1.1 -0.35 7.817 0.71 4.0 0.0 0.0
Ga N  N  2.17 1.70 1.8 30.5 1.3 -0.30 7.717 0.70 4.0 0.0 0.0
N  Ga Ga 2.17 1.70 1.8 29.5 1.3 -0.40 7.717 0.70 4.0 0.0 0.0
Ga Ga N  1.61 0.0  0.0 28.5 0.0 -0.31 0.0   0.0  0.0 0.0 0.0
Ga N  Ga 1.61 0.0  0.0 28.5 0.0 -0.31 0.0   0.0  0.0 0.0 0.0
N  Ga N  1.51 0.0  0.0 27.5 0.0 -0.36 0.0   0.0  0.0 0.0 0.0
N  N  Ga 1.51 0.0  0.0 27.5 0.0 -0.36 0.0   0.0  0.0 0.0 0.0
"""
SYMBOLS = {7: "N", 14: "Si", 31: "Ga"}


def formula(atoms: Structure, entries) -> torch.Tensor:
    """Energies of all atoms, by loops."""
    elements = [SYMBOLS[number] for number in atoms.types]
    neighbors = [[] for _ in atoms.types]
    for i, j, *shift in pair_rows(atoms, 4.0, True).tolist():
        vector = atoms.positions[j] - atoms.positions[i] + torch.tensor(shift).double() @ atoms.cell
        neighbors[i].append((j, vector, float(vector.norm())))
    result = []
    for i, row in enumerate(neighbors):
        energy = 0.0
        for j, _, r in row:
            (eps, sigma, a, _, _, _, A, B, p, q, _) = entries[elements[i], elements[j], elements[j]]
            if r < a * sigma:
                radial = B * (sigma / r) ** p - (sigma / r) ** q
                energy += 0.5 * A * eps * radial * math.exp(sigma / (r - a * sigma))
        for (j, v_j, r_j), (k, v_k, r_k) in itertools.combinations(row, 2):
            pair_j = entries[elements[i], elements[j], elements[j]]
            pair_k = entries[elements[i], elements[k], elements[k]]
            (eps, _, _, lambda_, _, cos_theta0, *_) = entries[elements[i], elements[j], elements[k]]
            if r_j >= pair_j.a * pair_j.sigma or r_k >= pair_k.a * pair_k.sigma:
                continue
            cos_theta = float(v_j @ v_k) / (r_j * r_k)
            exponent = pair_j.gamma * pair_j.sigma / (r_j - pair_j.a * pair_j.sigma)
            exponent += pair_k.gamma * pair_k.sigma / (r_k - pair_k.a * pair_k.sigma)
            energy += lambda_ * eps * (cos_theta - cos_theta0) ** 2 * math.exp(exponent)
        result.append(energy)
    return torch.tensor(result, dtype=torch.float64)


def test_energy_of_the_crystal():
    # -2 eps an atom by construction of the potential, at a lattice constant of 5.431 Angstrom
    cell = 5.431 * torch.eye(3, dtype=torch.float64)
    crystal = structure([14] * 8, torch.tensor(DIAMOND, dtype=torch.float64) @ cell, cell)
    expected = torch.full((8,), -2 * 2.1683, dtype=torch.float64)
    torch.testing.assert_close(energies(silicon(), crystal, "atom"), expected, rtol=1e-6, atol=0)


def test_pair():
    r, eps, sigma = 2.4, 2.1683, 2.0951
    radial = 0.6022245584 * (sigma / r) ** 4 - 1
    expected = torch.tensor(7.049556277 * eps * radial * math.exp(sigma / (r - 1.8 * sigma)))
    pair = structure([14, 14], [[0, 0, 0], [0, r, 0]])
    torch.testing.assert_close(energies(silicon(), pair).float(), expected)
    torch.testing.assert_close(energies(silicon(), pair, "atom"), formula(pair, read_parameters(write_parameters(SILICON))))


@pytest.mark.parametrize("parameters, types", [(SILICON, [14] * 8), (ALLOY, [31, 7, 31, 7, 31, 31, 7, 31])])
def test_all_triplets(parameters, types):
    path = write_parameters(parameters)
    model = stillinger_weber_model(path)
    atoms = perturbed(4.6, DIAMOND, types, 0.25)
    expected = formula(atoms, read_parameters(path))
    torch.testing.assert_close(energies(model, atoms, "atom"), expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(
        forces(model, atoms), forces_by_differences(model, atoms), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("below", [1e-1, 1e-3, 1e-6, 1e-12, 0.0])
def test_nothing_breaks_at_the_cutoff(dtype, below):
    model = silicon(dtype)
    cutoff = model.requested_neighbor_lists()[0].cutoff
    assert cutoff == 1.8 * 2.0951
    # the third atom is within the reach of both others
    atoms = structure([14, 14, 14], [[0, 0, 0], [cutoff - below, 0, 0], [1.9, 1.4, 0]])
    energy, force = energies(model, atoms), forces(model, atoms)
    assert torch.isfinite(energy)
    assert torch.isfinite(force).all()
    assert force.abs().max() > 1e-3
    if below <= 1e-3:  # exp(sigma / -0.001) is less than the smallest number
        pair = structure([14, 14], atoms.positions[:2])
        assert energies(model, pair) == 0.0
        assert forces(model, pair).abs().max() == 0.0


def test_pairs_that_do_not_interact():
    # N and Ga know nothing of each other
    mute = "\n".join(
        line.replace("1.70 1.8", "0.0 0.0") if line.startswith(("Ga N  N", "N  Ga Ga")) else line
        for line in ALLOY.splitlines()
    )
    model = stillinger_weber_model(write_parameters(mute), ["Ga", "N"])
    atoms = structure([31, 7], [[0, 0, 0], [0, 1.9, 0]])
    assert energies(model, atoms) == 0.0
    assert forces(model, atoms).abs().max() == 0.0


def test_tolerance_shortens_the_reach():
    tolerant = SILICON.replace("4.0  0.0 0.0", "4.0  0.0 0.01")
    (request,) = stillinger_weber_model(write_parameters(tolerant)).requested_neighbor_lists()
    assert request.cutoff == pytest.approx(1.8 * 2.0951 + 2.0951 / math.log(0.01))


@pytest.mark.parametrize(
    "parameters, elements, message",
    [
        ("", None, "must have 14 words for each entry, got 0 in all"),
        ("Si Si Si 1.0 2.0", None, "must have 14 words for each entry, got 5 in all"),
        (SILICON, ["Si", "Ga"], "the parameters have no entry for Si Si Ga, Si Ga Si, Si Ga Ga, Ga Si Si"),
        (ALLOY.replace("0.71 4.0", "0.71 5.0"), None, "p and q must be the same for all pairs of elements"),
    ],
)
def test_bad_parameters(parameters, elements, message):
    with pytest.raises(ValueError, match=message):
        stillinger_weber_model(write_parameters(parameters), elements)


def test_program(tmp_path):
    command = [sys.executable, str(ROOT / "examples" / "python" / "stillinger_weber.py"), "--output", "sw.pt"]
    command += ["--parameters", str(write_parameters(ALLOY)), "--elements", "N", "Ga"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert result.stdout == "wrote sw.pt\n", result.stderr
    model = load_atomistic_model(tmp_path / "sw.pt")
    assert model.capabilities().atomic_types == [7, 31]
    (request,) = model.requested_neighbor_lists()
    assert request.full_list and request.strict
    assert request.cutoff == pytest.approx(1.6 * 2.1)
