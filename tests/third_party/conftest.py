# SPDX-License-Identifier: BSD-3-Clause
"""Paths to what the other tests share; these here are run by scripts/third_party.sh, each file in its environment."""

import pathlib
import sys

import pytest


ROOT = pathlib.Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ["tests/lammps", "tests/python", "examples/python"]]


@pytest.fixture
def lammps(tmp_path):
    from runs import Lammps

    return Lammps(tmp_path)
