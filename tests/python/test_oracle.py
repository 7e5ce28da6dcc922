# SPDX-License-Identifier: BSD-3-Clause
"""A model that was exported with the other implementation runs here, with the same result, and the other way around.

Two implementations can not be in one process: METATENSOR_ORACLE_PYTHON is a Python that has the other one.
"""

import os
import subprocess
import sys

import example_models as models
import pytest
import torch
from atoms import energies, forces
from conftest import ROOT

from metatomic.torch import AtomisticModel, load_atomistic_model


ORACLE = os.environ.get("METATENSOR_ORACLE_PYTHON", "")
pytestmark = pytest.mark.skipif(
    ORACLE == "", reason="METATENSOR_ORACLE_PYTHON is not set to a Python with the other implementation"
)

RUN = """
import sys, torch
sys.path[:0] = sys.argv[1:3]
import example_models as models
from atoms import energies, forces
model = getattr(models, sys.argv[3])(*map(eval, sys.argv[4:-1]))
atoms = models.perturbed(5.4, models.DIAMOND, model.capabilities().atomic_types[:1] * 8, 0.2)
model.save(sys.argv[-1] + ".pt")
results = {kind: energies(model, atoms, kind) for kind in ["system", "atom"]}
torch.save({**results, "forces": forces(model, atoms)}, sys.argv[-1] + ".results")
"""


@pytest.mark.parametrize("name, options", [("argon", ["'float64'", "False"]), ("argon", []), ("silicon", [])])
def test_exported_by_the_other(name, options, tmp_path):
    folders = [str(ROOT / "tests" / "python"), str(ROOT / "examples" / "python")]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    result = subprocess.run(
        [ORACLE, "-c", RUN, *folders, name, *options, str(tmp_path / "model")],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert result.returncode == 0, result.stderr
    expected = torch.load(str(tmp_path / "model.results"))

    ours = getattr(models, name)(*map(eval, options))
    theirs = torch.jit.load(str(tmp_path / "model.pt"))
    wrapped_again = load_atomistic_model(tmp_path / "model.pt")
    assert isinstance(wrapped_again, AtomisticModel)
    atoms = models.perturbed(5.4, models.DIAMOND, ours.capabilities().atomic_types[:1] * 8, 0.2)
    for model in [ours, theirs, wrapped_again]:
        for kind in ["system", "atom"]:
            torch.testing.assert_close(energies(model, atoms, kind), expected[kind], rtol=1e-13, atol=1e-14)
        torch.testing.assert_close(forces(model, atoms), expected["forces"], rtol=1e-12, atol=1e-13)


SAVED_MODELS = ROOT / "tests" / "atomistic" / "saved_models"
# not those of make_models.py that call an operation of metatensor.torch, which is an operator only here
WITHOUT_OPERATIONS = ["dense", "gradients", "inputs", "inputs-float32", "many-outputs", "many-outputs-float32", "variants"]

RUN_OURS = """
import pathlib, sys, torch
sys.path.insert(0, sys.argv[1])
import run_models
from metatomic.torch import is_atomistic_model, load_atomistic_model
folder = pathlib.Path(sys.argv[2])
for name in sys.argv[3:]:
    model = load_atomistic_model(folder / f"{name}.pt")
    assert is_atomistic_model(model)
    results, ours = run_models.run(model), torch.load(folder / f"{name}.results.pt")
    assert results.keys() == ours.keys()
    for key, value in ours.items():
        if key.endswith(".forces"):  # each implementation adds pairs in its own order
            rounding = 1e-13 if value.dtype == torch.float64 else 5e-6
            torch.testing.assert_close(results[key], value, rtol=0, atol=rounding * float(value.abs().max()))
        elif isinstance(value, list):
            assert results[key] == value, (name, key)
        else:
            assert torch.equal(results[key], value), (name, key)
    print(name)
"""


def test_exported_here_runs_in_the_other(tmp_path):
    for arguments in [["make_models.py", tmp_path, *WITHOUT_OPERATIONS], ["run_models.py", tmp_path, tmp_path]]:
        command = [sys.executable, "-W", "ignore", SAVED_MODELS / arguments[0], *arguments[1:]]
        made = subprocess.run(command, capture_output=True, text=True)
        assert made.returncode == 0, made.stderr
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [ORACLE, "-W", "ignore", "-c", RUN_OURS, str(SAVED_MODELS), str(tmp_path), *WITHOUT_OPERATIONS]
    run = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert run.returncode == 0, run.stderr
    assert sorted(run.stdout.split()) == WITHOUT_OPERATIONS
