# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of whole LAMMPS runs share: models to run, and runs of the unmodified `lmp`.

The environment is that of scripts/test.sh: METATENSOR_PLUGIN, LMP, MPIEXEC and LAMMPS_POTENTIALS are set.
"""

import pathlib
import subprocess
import sys

import pytest

from runs import Lammps


ROOT = pathlib.Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "python"

# Largest relative differences from native styles: by what was compared, (energy, forces, pressure).
largest_differences = {}


@pytest.fixture(scope="session")
def note_differences():
    """Keeps the largest differences of each kind of comparison, for the end of the output of pytest."""

    def note(kind, differences):
        known = largest_differences.get(kind, differences)
        largest_differences[kind] = tuple(map(max, known, differences))

    return note


def pytest_terminal_summary(terminalreporter):
    if not largest_differences:
        return
    terminalreporter.section("largest differences from native styles: energy, forces, pressure")
    for kind, differences in sorted(largest_differences.items()):
        terminalreporter.write_line(f"{kind:20}" + "".join(f"{value:10.1e}" for value in differences))


@pytest.fixture
def lammps(tmp_path):
    return Lammps(tmp_path)


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """Exports example models, each once: models("lennard_jones", "--half-list") is a path."""
    folder = tmp_path_factory.mktemp("models")
    exported = {}

    def export(example, *options):
        key = (example, *options)
        if key not in exported:
            path = folder / f"{len(exported)}.pt"
            command = [sys.executable, EXAMPLES / f"{example}.py", "--output", path, *options]
            result = subprocess.run(command, capture_output=True, text=True)
            assert result.returncode == 0, result.stderr
            exported[key] = path
        return exported[key]

    return export


@pytest.fixture(scope="session")
def bad_model(tmp_path_factory):
    """Exports a model of bad_models.py, once: bad_model("nan") is a path."""
    folder = tmp_path_factory.mktemp("bad_models")

    def export(kind):
        path = folder / f"{kind}.pt"
        if not path.exists():
            script = pathlib.Path(__file__).with_name("bad_models.py")
            result = subprocess.run([sys.executable, script, kind, path], capture_output=True, text=True)
            assert result.returncode == 0, result.stderr
        return path

    return export
