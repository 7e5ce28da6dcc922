# SPDX-License-Identifier: BSD-3-Clause
"""Finds the packages (PYTHONPATH=<build>/python, which scripts/test.sh sets) and the example models."""

import importlib.util
import pathlib
import sys

import pytest


ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "examples" / "python"))


def pytest_configure(config):
    for package in ["metatensor_torch", "metatomic"]:
        if importlib.util.find_spec(package) is None:
            pytest.exit(f"{package} can not be imported: set PYTHONPATH to <build>/python", returncode=4)
    # TorchScript is deprecated in new versions of torch, and is what this project is about.
    config.addinivalue_line("filterwarnings", "ignore:.*torch.jit.*:DeprecationWarning")
    config.addinivalue_line("filterwarnings", "ignore:.*TorchScript.*:DeprecationWarning")
