# SPDX-License-Identifier: BSD-3-Clause
"""scripts/compare_runs.py on two small runs written here."""

import pathlib
import subprocess
import sys

import pytest


SCRIPT = pathlib.Path(__file__).parents[2] / "scripts" / "compare_runs.py"

LOG = """LAMMPS (22 Jul 2025)
   Step          PotEng         Press          Pxx
         0  -10.0          {press}        20.0
WARNING: something that has no number in it
        10  {energy}       5.0            4.0
Loop time of 0.1 on 1 procs for 10 steps with 2 atoms
"""

DUMP = """ITEM: TIMESTEP
0
ITEM: NUMBER OF ATOMS
2
ITEM: BOX BOUNDS pp pp pp
0 1
0 1
0 1
ITEM: ATOMS id type fx fy fz
1 1 0.5 0 0
2 1 -0.5 0 0
ITEM: TIMESTEP
10
ITEM: NUMBER OF ATOMS
2
ITEM: BOX BOUNDS pp pp pp
0 1
0 1
0 1
ITEM: ATOMS id type fx fy fz
1 1 {force} 0 0
2 1 -2.0 0 0
"""


def write_run(folder, name, energy="-8.0", press="40.0", force="2.0"):
    (folder / f"{name}.log").write_text(LOG.format(energy=energy, press=press))
    (folder / f"{name}.dump").write_text(DUMP.format(force=force))


def compare(folder, *options):
    command = [sys.executable, SCRIPT, folder, "model", "native", *options]
    return subprocess.run(command, capture_output=True, text=True)


def row(output, quantity):
    """Numbers in the row of a quantity."""
    line = next(line for line in output.splitlines() if line.startswith(quantity))
    return [float(word) for word in line[len(quantity) :].split()]


def test_equal_runs(tmp_path):
    write_run(tmp_path, "model")
    write_run(tmp_path, "native")
    result = compare(tmp_path, "--style", "lj/cut")
    assert result.returncode == 0, result.stderr
    assert "lj/cut" in result.stdout
    assert row(result.stdout, "potential energy") == [-8.0, -8.0, 0.0]
    assert row(result.stdout, "pressure") == [5.0, 5.0, 0.0]
    assert row(result.stdout, "largest force") == [2.0, 2.0, 0.0]


def test_differences_are_relative_to_the_largest_value(tmp_path):
    write_run(tmp_path, "model", energy="-8.1", press="40.2", force="2.02")
    write_run(tmp_path, "native")
    result = compare(tmp_path, "--tolerance", "0.1")
    assert result.returncode == 0, result.stderr
    assert row(result.stdout, "potential energy") == [-8.1, -8.0, 0.01]  # 0.1 of 10
    assert row(result.stdout, "pressure") == [5.0, 5.0, 0.005]  # 0.2 of 40, at the first step
    assert row(result.stdout, "largest force") == [2.02, 2.0, 0.01]  # 0.02 of 2


def test_too_large_difference_fails(tmp_path):
    write_run(tmp_path, "model", force="2.001")
    write_run(tmp_path, "native")
    result = compare(tmp_path)
    assert result.returncode == 1
    assert "the runs differ by more than 1e-08" in result.stderr


def test_nan_fails(tmp_path):
    write_run(tmp_path, "model", energy="nan")
    write_run(tmp_path, "native")
    assert "the runs differ" in compare(tmp_path, "--tolerance", "1e9").stderr


def test_last_step_without_a_frame(tmp_path):
    write_run(tmp_path, "model")
    write_run(tmp_path, "native")
    model = tmp_path / "model.log"
    model.write_text(model.read_text().replace("Loop time", "        12  -3.0  7.0  1.0\nLoop time"))
    result = compare(tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("step 10 ")
    assert row(result.stdout, "potential energy") == [-8.0, -8.0, 0.0]


def test_other_steps(tmp_path):
    write_run(tmp_path, "model")
    write_run(tmp_path, "native")
    native = tmp_path / "native.log"
    native.write_text(native.read_text().replace("        10 ", "        20 "))
    result = compare(tmp_path)
    assert result.returncode == 1
    assert "model and native have different steps" in result.stderr


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("model.log", "LAMMPS (22 Jul 2025)\nERROR: no\n", "did the run end early?"),
        ("model.dump", "", "has no frame"),
        ("native.dump", None, "No such file"),
    ],
)
def test_broken_run(tmp_path, name, content, message):
    write_run(tmp_path, "model")
    write_run(tmp_path, "native")
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_text(content)
    result = compare(tmp_path)
    assert result.returncode == 1
    assert message in result.stderr
