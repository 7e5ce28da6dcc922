# SPDX-License-Identifier: BSD-3-Clause
"""The plugin as such: loading it, what it sets up before a run and prints after it."""

import os
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest

from structures import ARGON, block, structure
from test_native_styles import SYSTEMS, argon_model, assert_same_tables, model_lines
from test_simulations import ATOMS, LJ, THERMO
from thermo import read_tables


def test_unload_and_reload(lammps, models):
    pair = f"pair_style metatensor {argon_model(models)}\npair_coeff * * Ar\nrun 1\n"
    load = f"plugin load {lammps.plugin}\n"
    unload = "plugin unload pair metatensor\n"
    clear = "clear\n" + load + ATOMS + THERMO  # versions before July 2025 forget plugins here
    tables = read_tables(lammps.run(ATOMS + THERMO + load + pair + unload + load + pair + clear + pair + unload))
    assert len(tables) == 3
    for table in tables[1:]:
        np.testing.assert_array_equal(table["PotEng"], tables[0]["PotEng"])


def test_autoload(lammps, models):
    folder = os.path.dirname(lammps.plugin)
    pair = f"pair_style metatensor {argon_model(models)}\npair_coeff * * Ar\nrun 0\n"
    lammps.run(ATOMS + pair, environment={"LAMMPS_PLUGIN_PATH": folder})


def test_runs_without_python(lammps, models):
    script = ATOMS + "\n".join(model_lines(lammps, argon_model(models), "Ar")) + "\nrun 0\n"
    # the dynamic linker itself tells what it loads
    lammps.run(script, environment={"LD_DEBUG": "files", "LD_DEBUG_OUTPUT": str(lammps.folder / "linker")})
    loaded = "".join(path.read_text() for path in lammps.folder.glob("linker.*"))
    assert "libmetatensor_torch.so" in loaded and "libtorch_cpu.so" in loaded
    assert not re.search(r"libpython|libtorch_python", loaded)


HERE = pathlib.Path(__file__).parent


def other_plugin(lammps, **changes):
    """The plugin of the same sources, as it would be if it had been built for another LAMMPS."""
    path = lammps.folder / "otherplugin.so"
    source = HERE.parents[1] / "lammps_plugin" / "plugin.cpp"
    definitions = {
        "LAMMPS_VERSION_NUMBER": version_of_lammps(),
        "LAMMPS_VERSION_TEXT": '"some version"',
        "LAMMPS_TAGINT_BYTES": 4,
        "LAMMPS_BIGINT_BYTES": 8,
        "PLUGIN_MPI": '"MPICH"',
        "STYLES_LIBRARY": '"none.so"',
        "PLUGIN_VERSION": '"0"',
        **changes,
    }
    command = ["c++", "-std=c++20", "-shared", "-fPIC", source, "-o", path, "-ldl"]
    subprocess.run([*command, *(f"-D{name}={value}" for name, value in definitions.items())], check=True)
    return path


def version_of_lammps():
    """As in 20250722."""
    months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
    text = subprocess.run([os.environ["LMP"], "-h"], capture_output=True, text=True).stdout
    day, month, year = re.search(r"- (\d+) (\w+) (\d+)", text).groups()
    return f"{year}{months.index(month[:3]) + 1:02d}{int(day):02d}"


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"LAMMPS_VERSION_NUMBER": 20200303}, "was built for LAMMPS version 20200303 but this is LAMMPS version 2"),
        ({"LAMMPS_TAGINT_BYTES": 8}, "was built for a LAMMPS with 64-bit tagint but this one has 32 bits"),
        ({"PLUGIN_MPI": '"Open MPI"'}, "was built with Open MPI but this LAMMPS uses MPICH"),
        ({}, "can not load its styles: "),
    ],
    ids=["version", "sizes", "mpi", "missing_library"],
)
def test_plugin_of_another_lammps_is_refused(lammps, changes, message):
    """By pair_style only: other scripts can run with it, as it may be loaded by each of them."""
    other = other_plugin(lammps, **changes)
    log = lammps.run(f"plugin load {other}\n" + ATOMS + LJ + "\nrun 0\n")
    assert ("WARNING: the metatensor plugin" in log) == bool(changes)
    for n_ranks in [1, 2]:
        text = lammps.run(f"plugin load {other}\n" + ATOMS + "pair_style metatensor x.pt\n", n_ranks, check=False)
        text += (lammps.folder / "log.lammps").read_text()  # what mpiexec has not shown yet is lost when a rank aborts
        assert f"ERROR: the metatensor plugin {message}" in re.sub(r"\(src/.*?\)|on proc \d+", "", " ".join(text.split())).replace("ERROR : ", "ERROR: ")


def test_model_is_compiled_before_the_timed_loop(lammps, bad_model):
    script = ATOMS + "\n".join(model_lines(lammps, bad_model("talks"), "Ar")) + "\nfix nve all nve\n"
    log = lammps.run(script + "run 5\nrun 2\n")
    setup, first_run, second_run = re.split(r"Per MPI rank memory.*|Loop time.*", log)[:3]
    calls = [part.count("the model was called") for part in (setup, first_run)]
    assert calls[0] >= 3 and calls[1] == 5  # TorchScript profiles the first call and compiles in the second
    assert second_run.count("the model was called") == 1  # what was compiled stays


@pytest.mark.parametrize("n_ranks", [1, 2])
def test_phase_times(lammps, models, n_ranks):
    atoms, _, element = SYSTEMS["argon"]
    script = atoms["perturbed"] + "\n".join(model_lines(lammps, argon_model(models), element))
    log = lammps.run(script + "\nfix nve all nve\nrun 50\n", n_ranks)
    assert f"milliseconds per step, average of {n_ranks} ranks over 50 steps" in log
    (numbers,) = re.findall(r"marshal  \| forward  \| backward \| store\n(.*)", log)
    phases = [float(number) for number in numbers.split("|")]
    (pair,) = re.findall(r"Pair +\| \S+ +\| (\S+)", log)
    assert all(phase > 0 for phase in phases)
    (memory,) = re.findall(r"held between steps: \S+ MB, (\d+) bytes per atom, and (\d+) for the pairs of a step", log)
    assert all(int(n_bytes) > 0 for n_bytes in memory)
    # all but the time between the phases
    assert 0.7 * float(pair) < 50e-3 * sum(phases) <= 1.01 * float(pair)


@pytest.mark.parametrize("variable", ["METATENSOR_LAMMPS_MEMORY", "METATENSOR_LAMMPS_BLAS"])
def test_torch_can_be_left_as_it_is(lammps, models, variable):
    script = ATOMS + "\n".join(model_lines(lammps, argon_model(models), "Ar")) + THERMO + "fix nve all nve\nrun 3\n"
    tables = [read_tables(lammps.run(script, environment=environment)) for environment in [{}, {variable: "system"}]]
    assert_same_tables(*tables, rtol=1e-13)


def test_extension(lammps):
    """A model with an operator of its own, found in the folder that pair_style names."""
    library = lammps.folder / "built" / "libtest_extension.so"
    library.parent.mkdir()
    command = [sys.executable, HERE / "extension_model.py", library, lammps.folder / "model.pt", lammps.folder / "extensions"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    library.unlink()
    lines = model_lines(lammps, "model.pt extensions extensions", "Ar")
    (table,) = read_tables(lammps.run(ATOMS + "\n".join(lines) + THERMO + "run 0\n"))
    lines = model_lines(lammps, "plain.pt", "Ar")
    (plain,) = read_tables(lammps.run(ATOMS + "\n".join(lines) + THERMO + "run 0\n"))
    np.testing.assert_allclose(table["PotEng"], 2 * plain["PotEng"], rtol=1e-14)
    np.testing.assert_allclose(table["Press"], 2 * plain["Press"], rtol=1e-14)
