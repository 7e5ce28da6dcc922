# SPDX-License-Identifier: BSD-3-Clause
"""What the packages offer beside classes and operations: modules that are imported when they are needed, versions."""

import subprocess
import sys

import pytest

import metatensor.torch
from metatomic.torch.utils import Version, parse_version, version_compatible


def test_modules_without_an_import_of_their_own():
    program = """
import sys
import metatomic.torch as m
assert "metatomic.torch.o3" not in sys.modules
for name in ["o3", "heat_flux", "dftd3", "weighted_sum"]:
    assert getattr(m, name) is sys.modules[f"metatomic.torch.{name}"]
assert not hasattr(m, "unknown")
try:
    import ase
except ImportError:
    pass
else:
    m.ase_calculator.MetatomicCalculator
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_versions():
    version = parse_version("2.11.3+cpu")
    assert version == Version(2, 11, 3) == Version(major=2, minor=11, patch=3) and version > Version(2, 9, 10)
    assert metatensor.torch.utils.Version is Version
    assert isinstance(parse_version(metatensor.torch.__version__), Version)
    for text in ["", "1.2", "v1.2.3", "1.x.3"]:
        with pytest.raises(ValueError, match=f"three numbers, as '1.2.3', got '{text}'"):
            parse_version(text)


@pytest.mark.parametrize(
    ("actual", "required", "expected"),
    [("1.2.3", "1.2.0", True), ("0.1.0", "0.1.5", True), ("1.3.0", "1.2.0", False), ("2.2.0", "1.2.0", False)],
)
def test_compatible_versions(actual, required, expected):
    assert version_compatible(actual, required) is expected
