# SPDX-License-Identifier: BSD-3-Clause
"""Models around models that were saved here run with metatomic-torch, with the same results.

METATENSOR_ORACLE_PYTHON is a Python that has it; METATENSOR_ASE_PACKAGES is a folder with SciPy, if that is not installed.
"""

import os
import subprocess
import sys

import pytest
import torch
from anisotropic import anisotropic_model
from conftest import ROOT
from dispersion import TYPES, corrected
from example_models import silicon

from metatomic.torch.heat_flux import HeatFlux
from metatomic.torch.o3 import SymmetrizedModel


sys.path.append(os.environ.get("METATENSOR_ASE_PACKAGES", ""))
pytest.importorskip("scipy", minversion="1.15")
ORACLE = os.environ.get("METATENSOR_ORACLE_PYTHON", "")
pytestmark = pytest.mark.skipif(ORACLE == "", reason="METATENSOR_ORACLE_PYTHON is not set")

RUN = """
import pathlib, sys, torch
sys.path[:0] = sys.argv[3:]
import anisotropic, dispersion
from moving import moving_silicon
from metatomic.torch import ModelEvaluationOptions, ModelOutput, load_atomistic_model
folder = pathlib.Path(sys.argv[1])
results = {"corrected": dispersion.evaluate(load_atomistic_model(folder / "corrected.pt"), dispersion.MOLECULE)}
outputs = anisotropic.evaluate(
    load_atomistic_model(folder / "symmetrized.pt"), anisotropic.two_systems(), anisotropic.names_of_all()
)
results["symmetrized"] = {name: anisotropic.plain(tensor) for name, tensor in outputs.items()}
model = load_atomistic_model(folder / "heat-flux.pt")
options = ModelEvaluationOptions("A", {"heat_flux": ModelOutput(unit="eV*nm/ps", sample_kind="system")}, None)
results["heat flux"] = model([moving_silicon(model)], options, True)["heat_flux"].block().values
torch.save(results, sys.argv[2])
"""


def run(python, folder, file, environment):
    paths = [str(ROOT / "tests" / "python"), str(ROOT / "examples" / "python")]
    command = [python, "-W", "ignore", "-c", RUN, folder, file, *paths]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return torch.load(file)


def test_results_are_the_same(tmp_path):
    corrected(TYPES).save(tmp_path / "corrected.pt")
    limits = dict(max_angular_momentum_target=2, max_angular_momentum_character=2)
    SymmetrizedModel.wrap(anisotropic_model(), **limits).save(tmp_path / "symmetrized.pt")
    HeatFlux.wrap(silicon()).save(tmp_path / "heat-flux.pt")
    ours = run(sys.executable, tmp_path, tmp_path / "ours.pt", os.environ)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    theirs = run(ORACLE, tmp_path, tmp_path / "theirs.pt", environment)

    torch.testing.assert_close(theirs["heat flux"], ours["heat flux"], rtol=1e-12, atol=1e-12)
    for name, values in ours["corrected"].items():
        found = theirs["corrected"].get(name, theirs["corrected"].get(name + "s"))
        torch.testing.assert_close(found, values, rtol=1e-12, atol=1e-14)
    for name, (keys, blocks) in ours["symmetrized"].items():
        assert theirs["symmetrized"][name][0] == keys
        for (labels, values), (their_labels, found) in zip(blocks, theirs["symmetrized"][name][1]):
            assert labels == their_labels
            torch.testing.assert_close(found, values, rtol=1e-12, atol=1e-12)
