# SPDX-License-Identifier: BSD-3-Clause
"""The input scripts in examples/lammps, as scripts/demo.sh runs them: the model against the native style.

The environment is that of scripts/test.sh: METATENSOR_PLUGIN, LMP and MPIEXEC are set.
"""

import os
import pathlib
import subprocess
import sys

import pytest


ROOT = pathlib.Path(__file__).parents[2]
EXAMPLES = {
    "argon": ["lennard_jones.py"],
    "silicon": ["stillinger_weber.py", "--parameters", f"{os.environ['LAMMPS_POTENTIALS']}/Si.sw"],
}


def run(command, folder):
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    return result.stdout


@pytest.mark.parametrize("n_ranks", [1, 2])
@pytest.mark.parametrize("name", EXAMPLES)
def test_same_as_native_style(tmp_path, name, n_ranks):
    script, *options = EXAMPLES[name]
    run([sys.executable, ROOT / "examples" / "python" / script, "--output", f"{name}.pt", *options], tmp_path)
    scripts = ROOT / "examples" / "lammps" / name
    lmp = [os.environ["MPIEXEC"], "-n", str(n_ranks), os.environ["LMP"], "-nocite"]
    variables = ["-var", "plugin", os.environ["METATENSOR_PLUGIN"], "-var", "model", f"{name}.pt", "-var", "steps", "45"]
    output = run([*lmp, "-log", f"{name}.log", "-in", scripts / f"in.{name}", *variables], tmp_path)
    assert "for 45 steps" in output
    run([*lmp, "-log", f"{name}-native.log", "-in", scripts / f"in.{name}-native"], tmp_path)

    compare = [sys.executable, ROOT / "scripts" / "compare_runs.py", ".", name, f"{name}-native"]
    table = run([*compare, "--tolerance", "1e-10"], tmp_path)
    assert table.startswith("step 40 ") and "largest force" in table


def test_trained_model_conserves_energy(tmp_path):
    """What train_pair_model.py learned with metatensor.torch.learn runs, and its forces fit its energies."""
    script = ROOT / "examples" / "python" / "train_pair_model.py"
    output = run([sys.executable, script, "--output", "learned.pt"], tmp_path)
    error = float(output.split("error of forces of other structures: ")[1].split(" %")[0])
    assert error < 15.0

    variables = ["-var", "plugin", os.environ["METATENSOR_PLUGIN"], "-var", "model", "learned.pt", "-var", "steps", "60"]
    scripts = ROOT / "examples" / "lammps" / "argon"
    run([os.environ["LMP"], "-nocite", "-log", "learned.log", "-in", scripts / "in.argon", *variables], tmp_path)
    rows = [line.split() for line in (tmp_path / "learned.log").read_text().splitlines()]
    start = next(i for i, row in enumerate(rows) if row[:2] == ["Step", "Temp"])
    thermo = [[float(word) for word in row] for row in rows[start + 1 : start + 5]]
    potential, total = zip(*[(row[2], row[3]) for row in thermo], strict=True)
    assert max(potential) - min(potential) > 5.0
    assert max(total) - min(total) < 1e-3 * (max(potential) - min(potential))
