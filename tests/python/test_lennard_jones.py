# SPDX-License-Identifier: BSD-3-Clause
"""The Lennard-Jones example against its formula."""

import subprocess
import sys

import pytest
import torch
from atoms import energies, structure
from conftest import ROOT
from example_models import argon

from lennard_jones import lennard_jones_model
from metatomic.torch import load_atomistic_model


def formula(r: float, sigma: float, epsilon: float) -> float:
    return 4 * epsilon * ((sigma / r) ** 12 - (sigma / r) ** 6)


@pytest.mark.parametrize("full_list", [True, False])
@pytest.mark.parametrize("r", [3.0, 3.405, 5.1, 8.49])
def test_pair(r, full_list):
    pair = structure([18, 18], [[0, 0, 0], [0.6 * r, 0, 0.8 * r]])
    expected = torch.tensor(formula(r, 3.405, 0.0103), dtype=torch.float64)
    torch.testing.assert_close(
        energies(argon(full_list=full_list), pair), expected, rtol=1e-12, atol=1e-16
    )


@pytest.mark.parametrize("full_list", [True, False])
def test_nothing_beyond_the_cutoff(full_list):
    pair = structure([18, 18], [[0, 0, 0], [0, 8.51, 0]])
    assert energies(argon(full_list=full_list), pair) == 0.0


@pytest.mark.parametrize("full_list", [True, False])
def test_unlike_atoms_take_geometric_means(full_list):
    model = lennard_jones_model([18, 10], [4.0, 1.0], [0.09, 0.01], 8.5, full_list=full_list)
    for types, sigma, epsilon in [([18, 18], 4.0, 0.09), ([10, 18], 2.0, 0.03), ([10, 10], 1.0, 0.01)]:
        pair = structure(types, [[0, 0, 0], [3.0, 0, 0]])
        expected = torch.tensor(formula(3.0, sigma, epsilon), dtype=torch.float64)
        torch.testing.assert_close(energies(model, pair), expected, rtol=1e-13, atol=0)


@pytest.mark.parametrize("full_list", [True, False])
def test_images_of_one_atom(full_list):
    # 6 images at 5, 12 at 5 sqrt(2); the next ones are at 5 sqrt(3) = 8.66
    crystal = structure([18], [[1.0, 2.0, 3.0]], 5.0 * torch.eye(3))
    expected = 3 * formula(5.0, 3.405, 0.0103) + 6 * formula(5.0 * 2**0.5, 3.405, 0.0103)
    expected = torch.tensor(expected, dtype=torch.float64)
    for kind in ["system", "atom"]:
        energy = energies(argon(full_list=full_list), crystal, kind).sum()
        torch.testing.assert_close(energy, expected, rtol=1e-13, atol=0)


def test_program(tmp_path):
    arguments = "--types 18 --sigma 3.4 --epsilon 0.01 --cutoff 7 --dtype float32 --half-list"
    command = [sys.executable, str(ROOT / "examples" / "python" / "lennard_jones.py"), *arguments.split()]
    result = subprocess.run([*command, "--output", "lj.pt"], cwd=tmp_path, capture_output=True, text=True)
    assert result.stdout == "wrote lj.pt\n", result.stderr
    model = load_atomistic_model(tmp_path / "lj.pt")
    (request,) = model.requested_neighbor_lists()
    assert (request.cutoff, request.full_list, request.strict) == (7.0, False, True)
    assert model.capabilities().dtype == "float32"
    assert model.capabilities().interaction_range == 7.0

    result = subprocess.run([*command, "--sigma", "1", "2"], cwd=tmp_path, capture_output=True, text=True)
    assert "--types, --sigma and --epsilon must have as many values" in result.stderr
