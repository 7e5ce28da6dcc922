# SPDX-License-Identifier: BSD-3-Clause
"""The tutorials: the commands of each page run as they stand there, and what comes out is right.

They draw pictures, for which they need Matplotlib: scripts/docs.sh runs these tests, in the folder that it makes the pages of.
"""

import difflib
import os
import pathlib
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch

import metatensor.torch as mts


pytest.importorskip("matplotlib")

ROOT = pathlib.Path(__file__).parents[2]
PAGES = ROOT / "docs" / "tutorials"
needs_lammps = pytest.mark.skipif(not pathlib.Path(os.environ.get("LMP", "nowhere")).exists(), reason="no LAMMPS")


@pytest.fixture(scope="session")
def run_page(tmp_path_factory):
    """Runs all commands of a page, in the folder of its files: returns that and the output."""
    programs = tmp_path_factory.mktemp("programs")
    for name, program in [("python", sys.executable), ("lmp", os.environ.get("LMP", ""))]:
        (programs / name).write_text(f'#!/bin/sh\nexec "{program}" "$@"\n')
        (programs / name).chmod(0o755)
    root = pathlib.Path(os.environ.get("METATENSOR_TUTORIALS", tmp_path_factory.getbasetemp() / "docs" / "tutorials"))
    shutil.copytree(PAGES, root, dirs_exist_ok=True)
    shutil.copytree(ROOT / "examples", root.parents[1] / "examples", dirs_exist_ok=True)

    def run(name):
        page = (PAGES / f"{name}.md").read_text()
        commands = "".join(re.findall(r"```bash\n(.*?)```", page, flags=re.DOTALL))
        output = run_in(root / name, ["bash", "-euo", "pipefail", "-c", commands], programs)
        pictures = re.findall(r"```\{figure\} (\S+)", page)
        assert pictures and all((root / picture).stat().st_size > 1000 for picture in pictures)
        return root / name, output

    return run


def run_in(folder, command, programs=None, **variables):
    path = os.pathsep.join([*([str(programs)] if programs else []), os.environ["PATH"]])
    result = subprocess.run(
        command,
        **{"cwd": folder, "env": {**os.environ, "PATH": path, "MPLBACKEND": "svg", **variables}},
        **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True},
    )
    assert result.returncode == 0, result.stdout[-4000:]
    return result.stdout


def check_conservation(path, tolerance):
    _, kinetic, potential = np.loadtxt(path, unpack=True)
    assert np.ptp(kinetic + potential) < tolerance * np.ptp(potential)


def radial_distributions(folder, *names):
    return [np.loadtxt(folder / f"{name}-rdf.txt", skiprows=4)[:, 2] for name in names]


@pytest.fixture(scope="session")
def potential(run_page):
    return run_page("potential")[0]


@needs_lammps
def test_potential_is_that_of_lammps(potential):
    """The first lines of both logs: some steps later, melting atoms have amplified the last digits."""
    logs = [(potential / f"{name}.log").read_text() for name in ["metatensor", "native"]]
    first = [re.search(r"Step +Temp.*\n(.*)\n", log)[1].split() for log in logs]
    assert first[0] == first[1] and float(first[0][2]) < -1000.0


@needs_lammps
def test_potential_conserves_energy(potential):
    check_conservation(potential / "metatensor-energies.txt", 1e-3)


@needs_lammps
def test_potential_gives_the_same_liquid(potential):
    metatensor, native = radial_distributions(potential, "metatensor", "native")
    assert native.max() > 2.0
    assert np.abs(metatensor - native).max() < 0.05


@pytest.fixture(scope="session")
def training(run_page):
    return run_page("training")


@needs_lammps
def test_training_has_data_of_lammps(tmp_path):
    """The first frames: later ones depend on how each machine rounds, as atoms that melt amplify it."""
    source = PAGES / "training"
    run_in(tmp_path, [os.environ["LMP"], "-nocite", "-log", "none", "-in", source / "in.reference"])
    made, kept = [(folder / "silicon.xyz").read_text().splitlines() for folder in [tmp_path, source]]
    assert len(made) == len(kept) == 41 * 66
    made, kept = [np.loadtxt(lines[2:66] + lines[68:132], usecols=range(1, 7)) for lines in [made, kept]]
    np.testing.assert_allclose(made, kept, atol=2e-5)


@needs_lammps
def test_training_learns_forces(training):
    folder, output = training
    error = float(re.search(r"error of forces of frames that were left out: (\S+) %", output)[1])
    expected, predicted = np.loadtxt(folder / "parity.txt", unpack=True)
    assert error < 15.0
    assert abs(error - 100 * np.sqrt(np.mean((predicted - expected) ** 2) / np.mean(expected**2))) < 0.06


@needs_lammps
def test_training_conserves_energy(training):
    check_conservation(training[0] / "learned-energies.txt", 3e-3)


@needs_lammps
def test_training_gives_the_same_solid(training):
    learned, reference = radial_distributions(training[0], "learned", "reference")
    assert reference.max() > 2.0
    assert np.abs(learned - reference).max() < 0.3


@needs_lammps
def test_training_uses_harmonics(training, monkeypatch):
    """Products of harmonics, summed over the components, depend on the angle between the vectors only: they are Legendre's."""
    monkeypatch.syspath_prepend(training[0])
    from silicon import spherical_harmonics

    vectors = torch.nn.functional.normalize(torch.randn(50, 3, dtype=torch.float64), dim=1)
    products = [harmonics @ harmonics.T for harmonics in spherical_harmonics(vectors)]
    x = vectors @ vectors.T
    legendre = [torch.ones_like(x), x, (3 * x**2 - 1) / 2, (5 * x**3 - 3 * x) / 2]
    for product, polynomial in zip(products, legendre, strict=True):
        torch.testing.assert_close(product, polynomial)


@pytest.fixture(scope="session")
def engine(run_page):
    pytest.importorskip("vesin")
    return run_page("engine")[0]


def test_engine_starts_with_the_crystal(engine):
    """Stillinger and Weber chose their parameters so that an atom of it has an energy of -4.3363 eV."""
    _, _, potential, total = np.loadtxt(engine / "energies-1.txt", unpack=True)
    assert abs(potential[0] / 216 + 4.3363) < 5e-4
    assert np.ptp(total) < 0.01 * np.ptp(potential)


def test_engine_has_errors_of_second_order(engine):
    """Twice the time step, four times the deviation"""
    texts = [(engine / f"energies-{time_step}.txt").read_text() for time_step in ["0.5", "1", "2", "4"]]
    deviations = [float(re.search(r"deviation of the total energy: (\S+) meV", text)[1]) for text in texts]
    np.testing.assert_allclose(np.divide(deviations[1:], deviations[:-1]), 4.0, rtol=0.05)


@pytest.fixture(scope="session")
def moving(run_page):
    return run_page("moving")


def test_moving_changes_one_line_in_five(moving):
    before, after = [
        [line for line in (moving[0] / name).read_text().splitlines() if line and not line.startswith("#")]
        for name in ["before.py", "after.py"]
    ]
    n_same = sum(block.size for block in difflib.SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks())
    assert n_same >= 0.8 * len(before) and len(before) == len(after)


def test_moving_gives_the_same(moving, tmp_path):
    """With the existing packages, in their own environment."""
    folder, output = moving
    if "METATENSOR_ORACLE_PYTHON" not in os.environ:
        pytest.skip("the existing packages are not installed (scripts/oracle.sh)")
    for name in ["before.py", "features.mts", "energies.mts"]:
        shutil.copy(folder / name, tmp_path)
    before = run_in(tmp_path, [os.environ["METATENSOR_ORACLE_PYTHON"], "before.py"], PYTHONPATH="")
    assert before.strip() in output
    assert mts.allclose(mts.load(tmp_path / "predicted.mts"), mts.load(folder / "predicted.mts"), rtol=1e-9, atol=1e-9)


def test_moving_gives_derivatives(moving):
    """The energy is linear: its derivative is the weight of that feature."""
    folder, output = moving
    derivative = float(re.search(r"dE/d\(.*\): (\S+)", output)[1])
    weights = mts.load(folder / "weights.mts").block()
    column = weights.properties.position([1, 1, 0])
    assert abs(derivative - weights.values[0, column].item()) < 1e-12
