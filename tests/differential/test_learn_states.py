# SPDX-License-Identifier: BSD-3-Clause
"""State dicts of modules cross between this library and the other implementation, both ways."""

import os
import pathlib
import pickle
import subprocess
import sys

import pytest
from test_differential import ORACLE, difference, needs_oracle


SCRIPT = pathlib.Path(__file__).parent / "learn_states.py"
PYTHONS = {"ours": sys.executable, "theirs": ORACLE}


def run(who, *arguments):
    environment = {key: value for key, value in os.environ.items() if who == "ours" or key != "PYTHONPATH"}
    done = subprocess.run([PYTHONS[who], SCRIPT, *arguments], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """What a state dict gives that does not cross"""
    folder = tmp_path_factory.mktemp("states")
    run("ours", "write", folder)
    run("ours", "read", folder, folder / "results")
    return pickle.loads((folder / "results").read_bytes())


@needs_oracle
@pytest.mark.parametrize("writer, reader", [("ours", "theirs"), ("theirs", "ours")])
def test_state_dicts_cross(writer, reader, expected, tmp_path):
    run(writer, "write", tmp_path)
    run(reader, "read", tmp_path, tmp_path / "results")
    found = pickle.loads((tmp_path / "results").read_bytes())
    assert found.keys() == expected.keys() and len(found) > 20
    different = {name: difference(found[name], expected[name], 1e-12) for name in found}
    assert not any(different.values()), {name: text for name, text in different.items() if text}
