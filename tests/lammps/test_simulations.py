# SPDX-License-Identifier: BSD-3-Clause
"""The pair style in the settings of real input scripts: hybrid styles, minimisation, rerun, other units, unloading."""

import os
import pathlib
import re
import subprocess

import numpy as np
import pytest

from structures import ARGON, SILICON, block, structure
from test_native_styles import SYSTEMS, argon_model, model_lines, silicon_model
from thermo import read_dump, read_tables


ATOMS = structure(ARGON, "p p p", block(4, 4, 4))
LJ = "\n".join(SYSTEMS["argon"][1])
THERMO = "\nthermo 1\nthermo_style custom step pe press\nthermo_modify format float %22.15e norm no\n"


def both(lammps, models, script, **options):
    """Tables of a script with the model and with the native style, in place of {pair}."""
    ours = lammps.run(script.replace("{pair}", "\n".join(model_lines(lammps, argon_model(models), "Ar"))), **options)
    theirs = lammps.run(script.replace("{pair}", LJ))
    return read_tables(ours), read_tables(theirs)


def assert_same_tables(ours, theirs, rtol=1e-10):
    assert len(ours) == len(theirs) > 0
    for table, reference in zip(ours, theirs):
        for column in reference:
            np.testing.assert_allclose(table[column], reference[column], rtol=rtol, err_msg=column)


def test_minimize(lammps, models):
    script = ATOMS + "{pair}" + THERMO + "minimize 0 1e-6 20 200\n"
    assert_same_tables(*both(lammps, models, script), rtol=1e-9)


def test_run_after_run(lammps, models):
    script = ATOMS + "{pair}" + THERMO + "fix nve all nve\nrun 3\nrun 0\nrun 3 pre no\nneighbor 1.0 bin\nrun 3\n"
    assert_same_tables(*both(lammps, models, script))


def test_changing_box(lammps, models):
    script = ATOMS + "{pair}" + THERMO + "fix npt all npt temp 10 10 0.1 tri 0 0 1.0\n"
    script = script.replace("block 0 4 0 4 0 4", "prism 0 4 0 4 0 4 0.4 0 0")
    assert_same_tables(*both(lammps, models, script + "run 30\n"), rtol=1e-9)


def test_rerun(lammps, models):
    trajectory = ATOMS + LJ + "\nfix nve all nve\ndump all all custom 5 all.dump id type x y z\n"
    lammps.run(trajectory + "dump_modify all format float %22.15e\nvelocity all create 300 1\nrun 20\n")
    script = ATOMS + "{pair}" + THERMO + "rerun all.dump dump x y z\n"
    assert_same_tables(*both(lammps, models, script))


def test_hybrid_overlay(lammps, models):
    model = argon_model(models)
    hybrid = f"""plugin load {lammps.plugin}
pair_style hybrid/overlay metatensor {model} lj/cut 10.0
pair_coeff * * metatensor Ar
pair_coeff 1 1 lj/cut 0.004 3.0
run 2
"""
    native = """pair_style hybrid/overlay lj/cut 8.5 lj/cut 10.0
pair_coeff 1 1 lj/cut 1 0.0103 3.405
pair_coeff 1 1 lj/cut 2 0.004 3.0
run 2
"""
    ours = read_tables(lammps.run(ATOMS + THERMO + hybrid, n_ranks=2))
    assert_same_tables(ours, read_tables(lammps.run(ATOMS + THERMO + native)))


def test_hybrid_with_null_types(lammps, models):
    atoms = ATOMS.replace("create_box 1", "create_box 2").replace("mass 1", "set type 1 type/fraction 2 0.5 99\nmass *")
    hybrid = f"""plugin load {lammps.plugin}
pair_style hybrid metatensor {argon_model(models)} lj/cut 6.0
pair_coeff * * metatensor Ar NULL
pair_coeff 1 2 lj/cut 0.02 3.2
pair_coeff 2 2 lj/cut 0.03 3.0
run 2
"""
    native = """pair_style hybrid lj/cut 8.5 lj/cut 6.0
pair_coeff 1 1 lj/cut 1 0.0103 3.405
pair_coeff 1 2 lj/cut 2 0.02 3.2
pair_coeff 2 2 lj/cut 2 0.03 3.0
run 2
"""
    for n_ranks in [1, 2]:
        ours = read_tables(lammps.run(atoms + THERMO + hybrid, n_ranks))
        assert_same_tables(ours, read_tables(lammps.run(atoms + THERMO + native)))


@pytest.mark.parametrize("n_ranks", [1, 4])
@pytest.mark.parametrize("system, model", [("argon", argon_model), ("silicon", silicon_model)])
def test_energies_of_atoms(lammps, models, system, model, n_ranks):
    atoms, pair, element = SYSTEMS[system]
    observe = THERMO + "compute pe all pe/atom\ncompute sum all reduce sum c_pe\ndump pe all custom 1 {file} id c_pe\n"
    observe += "dump_modify pe sort id format float %22.15e\nthermo_style custom step pe c_sum\nrun 0\n"
    script = atoms["triclinic"] + "{pair}" + observe
    ours = "\n".join(model_lines(lammps, model(models), element))
    (table,) = read_tables(lammps.run(script.replace("{pair}", ours).replace("{file}", "ours"), n_ranks))
    lammps.run(script.replace("{pair}", "\n".join(pair)).replace("{file}", "theirs"), n_ranks)
    (found,) = read_dump(lammps.folder / "ours")
    (reference,) = read_dump(lammps.folder / "theirs")
    np.testing.assert_allclose(table["c_sum"], table["PotEng"], rtol=1e-12)
    if system == "argon":  # a three-body energy can be shared out in several ways
        np.testing.assert_allclose(found[:, 1], reference[:, 1], rtol=1e-10)


@pytest.mark.parametrize(
    "units, length, energy, pressure, mass",
    [
        # LAMMPS's units in angstrom, eV and bar
        ("real", 1.0, 1 / 23.06054783061903, 1.01325, 39.95),
        ("si", 1e10, 1 / 1.602176634e-19, 1e-5, 6.63e-26),
        ("electron", 0.529177210544282, 27.211386245981, 1e-5, 39.95),
    ],
)
def test_units(lammps, models, units, length, energy, pressure, mass):
    metal = structure(ARGON, "p p p", block(3, 3, 3)).replace("displace_atoms", "#")
    other = metal.replace("units metal", f"units {units}").replace("fcc 5.26", f"fcc {5.26 / length!r}")
    other = other.replace("neighbor 2.0", f"neighbor {2.0 / length!r}").replace("mass 1 39.95", f"mass 1 {mass}")
    pair = "\n".join(model_lines(lammps, argon_model(models), "Ar")) + THERMO + "run 0\n"
    (reference,) = read_tables(lammps.run(metal + pair))
    (found,) = read_tables(lammps.run(other + pair))
    np.testing.assert_allclose(found["PotEng"] * energy, reference["PotEng"], rtol=1e-6)
    np.testing.assert_allclose(found["Press"] * pressure, reference["Press"], rtol=1e-5)


def test_unload_and_reload(lammps, models):
    pair = f"pair_style metatensor {argon_model(models)}\npair_coeff * * Ar\nrun 1\n"
    load = f"plugin load {lammps.plugin}\n"
    unload = "plugin unload pair metatensor\n"
    clear = "clear\n" + ATOMS + THERMO
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


def test_bitwise_reproducible(lammps, models):
    script = structure(SILICON, "p p p", block(4, 4, 4)) + "\n".join(
        model_lines(lammps, silicon_model(models), "Si") + ["velocity all create 1500 1", "fix nve all nve"]
    )
    script += THERMO + "run 20\n"
    first, second = (read_tables(lammps.run(script))[0] for _ in range(2))
    for column in first:
        np.testing.assert_array_equal(first[column], second[column])


def test_plugin_of_another_lammps_is_refused(lammps, models):
    """The plugin of the same sources, built for another version: refused with a clear text, by pair_style only."""
    other = lammps.folder / "otherplugin.so"
    sources = pathlib.Path(__file__).parents[2] / "lammps_plugin"
    definitions = {
        "LAMMPS_VERSION_NUMBER": "20200303",
        "LAMMPS_VERSION_TEXT": '"3 Mar 2020"',
        "LAMMPS_TAGINT_BYTES": "4",
        "LAMMPS_BIGINT_BYTES": "8",
        "PLUGIN_MPI": '"MPICH"',
        "STYLES_LIBRARY": '"none.so"',
        "PLUGIN_VERSION": '"0"',
    }
    command = ["c++", "-std=c++20", "-shared", "-fPIC", f"{sources}/plugin.cpp", "-o", str(other), "-ldl"]
    subprocess.run([*command, *(f"-D{name}={value}" for name, value in definitions.items())], check=True)
    lammps.run(f"plugin load {other}\n" + ATOMS + LJ + "\nrun 0\n")
    for n_ranks in [1, 2]:
        text = lammps.run(f"plugin load {other}\n" + ATOMS + "pair_style metatensor x.pt\n", n_ranks, check=False)
        words = " ".join(text.split())
        assert "the metatensor plugin was built for LAMMPS version 20200303 but this is LAMMPS version 2025" in words


def test_message_passing_across_ranks(lammps, models):
    """A model whose atoms feel neighbors of neighbors: 1 rank = 4 ranks."""
    model = models("../../tests/lammps/message_passing")
    script = structure(ARGON, "p p p", block(4, 4, 4))
    script += "\n".join(model_lines(lammps, model, "Ar")) + THERMO
    script += "thermo_style custom step pe pxx pyy pzz pxy pxz pyz\nfix nve all nve\nrun 3\n"
    (reference,) = read_tables(lammps.run(script))
    for n_ranks in [2, 4]:
        assert_same_tables(read_tables(lammps.run(script, n_ranks)), [reference], rtol=1e-9)
