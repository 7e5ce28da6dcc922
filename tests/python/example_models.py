# SPDX-License-Identifier: BSD-3-Clause
"""The example models with the parameters that the tests use, and structures to try them on."""

import pathlib
import tempfile

import torch
from atoms import Structure, structure

from lennard_jones import lennard_jones_model
from stillinger_weber import stillinger_weber_model


# The published parameters of silicon (Stillinger and Weber 1985), in eV and Angstrom.
SILICON = """
# a comment
Si Si Si 2.1683  2.0951  1.80  21.0  1.20  -0.333333333333   # epsilon sigma a lambda gamma cos(theta0)
         7.049556277  0.6022245584  4.0  0.0 0.0             # A B p q tol
"""


_DIRECTORY = tempfile.TemporaryDirectory()


def argon(dtype="float64", full_list=True):
    return lennard_jones_model([18], [3.405], [0.0103], 8.5, dtype, full_list)


def mixture(dtype="float64", full_list=True):
    return lennard_jones_model([18, 10], [3.4, 2.6], [0.0103, 0.004], 8.5, dtype, full_list)


def silicon(dtype="float64"):
    return stillinger_weber_model(write_parameters(SILICON), dtype=dtype)


def write_parameters(text: str) -> pathlib.Path:
    """A parameter file with this text, which is there as long as this process."""
    path = pathlib.Path(_DIRECTORY.name) / f"{abs(hash(text))}.sw"
    path.write_text(text)
    return path


def perturbed(lattice_constant: float, basis, types, amplitude: float) -> Structure:
    """One cubic cell with atoms moved off their sites; a skewed cell, periodic in all directions."""
    generator = torch.Generator().manual_seed(1)
    basis = torch.tensor(basis, dtype=torch.float64)
    cell = lattice_constant * torch.tensor([[1.0, 0.0, 0.0], [0.1, 1.0, 0.0], [0.0, -0.1, 1.0]])
    noise = amplitude * torch.randn(basis.shape, generator=generator, dtype=torch.float64)
    return structure(types, basis @ cell.double() + noise, cell)


FCC = [[0.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.5, 0.0, 0.5], [0.0, 0.5, 0.5]]
DIAMOND = FCC + [[x + 0.25, y + 0.25, z + 0.25] for x, y, z in FCC]
