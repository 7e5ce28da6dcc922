# SPDX-License-Identifier: BSD-3-Clause
"""The pair style in the settings of real input scripts: hybrid styles, minimisation, rerun, other units, unloading."""

import os
import pathlib
import re
import subprocess

import numpy as np
import pytest

from structures import ARGON, SILICON, block, prism, structure
from test_native_styles import SYSTEMS, argon_model, model_lines, silicon_model
from thermo import read_dump, read_tables


ATOMS = structure(ARGON, "p p p", block(4, 4, 4))
LJ = "\n".join(SYSTEMS["argon"][1])
ON_RANKS = pytest.mark.parametrize("n_ranks", [1, 2, 4])
THERMO = "\nthermo 1\nthermo_style custom step pe press\nthermo_modify format float %22.15e norm no\n"


def both(lammps, models, script, n_ranks=1):
    """Tables of a script with the model and with the native style, in place of {pair}."""
    model = "\n".join(model_lines(lammps, argon_model(models), "Ar"))
    ours, theirs = (read_tables(lammps.run(script.replace("{pair}", pair), n_ranks)) for pair in [model, LJ])
    return ours, theirs


def assert_same_tables(ours, theirs, rtol=1e-10):
    assert len(ours) == len(theirs) > 0
    for table, reference in zip(ours, theirs):
        for column in reference:
            np.testing.assert_allclose(table[column], reference[column], rtol=rtol, err_msg=column)


@ON_RANKS
def test_minimize(lammps, models, n_ranks):
    script = ATOMS + "{pair}" + THERMO + "minimize 0 1e-6 20 200\n"
    assert_same_tables(*both(lammps, models, script, n_ranks), rtol=1e-9)


@ON_RANKS
def test_run_after_run(lammps, models, n_ranks):
    script = ATOMS + "{pair}" + THERMO + "fix nve all nve\nrun 3\nrun 0\nrun 3 pre no\nneighbor 1.0 bin\nrun 3\n"
    assert_same_tables(*both(lammps, models, script, n_ranks))


@ON_RANKS
def test_changing_box(lammps, models, n_ranks):
    script = ATOMS + "{pair}" + THERMO + "fix npt all npt temp 10 10 0.1 tri 0 0 1.0\n"
    script = script.replace("block 0 4 0 4 0 4", "prism 0 4 0 4 0 4 0.4 0 0")
    assert_same_tables(*both(lammps, models, script + "run 30\n", n_ranks), rtol=1e-9)


@ON_RANKS
@pytest.mark.parametrize("newton", ["on", "off"])
def test_atoms_that_move_and_are_sorted(lammps, models, n_ranks, newton):
    """A hot liquid: atoms cross the borders of ranks and of the box, and lists are rebuilt and atoms sorted often."""
    script = f"newton {newton}\n" + ATOMS.replace("neighbor 2.0", "atom_modify sort 7 0\nneighbor 0.3")
    script += "{pair}" + THERMO + "thermo 10\nvelocity all create 1500 87287\nfix nve all nve\nrun 150\n"
    model = "\n".join(model_lines(lammps, argon_model(models), "Ar"))
    logs = [lammps.run(script.replace("{pair}", pair), n_ranks) for pair in [model, LJ]]
    rebuilds = [int(re.search(r"Neighbor list builds = (\d+)", log)[1]) for log in logs]
    assert rebuilds[0] == rebuilds[1] > 10
    # chaos multiplies rounding errors
    assert_same_tables(*map(read_tables, logs), rtol=1e-8)


@ON_RANKS
def test_rerun(lammps, models, n_ranks):
    trajectory = ATOMS + LJ + "\nfix nve all nve\ndump all all custom 5 all.dump id type x y z\n"
    lammps.run(trajectory + "dump_modify all format float %22.15e\nvelocity all create 300 1\nrun 20\n")
    script = ATOMS + "{pair}" + THERMO + "rerun all.dump dump x y z\n"
    assert_same_tables(*both(lammps, models, script, n_ranks))


def test_types_that_change_without_a_new_neighbor_list(lammps, models):
    atoms = structure(ARGON, "s s s", block(3, 3, 3)).replace("create_box 1", "create_box 2")
    script = atoms.replace("mass 1", "mass *") + "{pair}" + THERMO
    script += "run 0\nset group all type/ratio 2 0.5 99\nrun 1 pre no\n"
    model = models("lennard_jones", "--types", "18", "36", "--sigma", "3.4", "3.8", "--epsilon", "0.01", "0.02")
    ours = model_lines(lammps, model, "Ar Kr")
    theirs = ["pair_style lj/cut 8.5", "pair_coeff 1 1 0.01 3.4", "pair_coeff 2 2 0.02 3.8"]
    tables = [read_tables(lammps.run(script.replace("{pair}", "\n".join(pair)))) for pair in [ours, theirs]]
    assert_same_tables(*tables)
    assert tables[0][1]["PotEng"][-1] != pytest.approx(tables[0][0]["PotEng"][0], rel=0.1)


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
    log = lammps.run(ATOMS + THERMO + hybrid, n_ranks=2)
    assert_same_tables(read_tables(log), read_tables(lammps.run(ATOMS + THERMO + native)))
    assert "Pair style metatensor, milliseconds per step, average of 2 ranks over 2 steps" in log


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


def test_energies_of_atoms_in_a_strided_tensor(lammps, bad_model):
    script = ATOMS + "\n".join(model_lines(lammps, bad_model("strided"), "Ar")) + THERMO
    script += "compute pe all pe/atom\ncompute sum all reduce sum c_pe\nthermo_style custom step pe c_sum\nrun 0\n"
    (table,) = read_tables(lammps.run(script))
    np.testing.assert_allclose(table["c_sum"], table["PotEng"], rtol=1e-12)


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


MESSAGES = [[], ["--half-list"], ["--second-cutoff", "6.0"], ["--half-list", "--second-cutoff", "3.9"]]


def run_messages(lammps, models, options, n_ranks=1, newton="on", box=block(4, 4, 4)):
    """Energies and pressures of a hot system with the message passing model, whose lists are rebuilt often."""
    model = models("../../tests/lammps/message_passing", *options)
    script = f"newton {newton}\n" + structure(ARGON, "p p p", box).replace("neighbor 2.0", "neighbor 0.3")
    script += "\n".join(model_lines(lammps, model, "Ar")) + THERMO + "thermo 10\n"
    script += "thermo_style custom step pe pxx pyy pzz pxy pxz pyz\n"
    script += "velocity all create 1000 87287 loop geom\nfix nve all nve\nrun 60\n"
    log = lammps.run(script, n_ranks)
    assert int(re.search(r"Neighbor list builds = (\d+)", log)[1]) > 3
    return read_tables(log)


@pytest.mark.parametrize("options", MESSAGES, ids=" ".join)
@pytest.mark.parametrize("n_ranks, newton", [(2, "off"), (4, "on")])
def test_message_passing_across_ranks(lammps, models, options, n_ranks, newton):
    """A model whose atoms feel neighbors of neighbors gives the same on each number of ranks."""
    reference = run_messages(lammps, models, options)
    assert_same_tables(run_messages(lammps, models, options, n_ranks, newton), reference, rtol=1e-8)


def test_message_passing_in_a_tilted_box(lammps, models):
    box = prism(4, 4, 4, 1.6, -1.2, 0.8)
    reference = run_messages(lammps, models, [], box=box)
    assert_same_tables(run_messages(lammps, models, [], 4, box=box), reference, rtol=1e-8)


def test_message_passing_with_half_and_full_lists(lammps, models):
    """Two ways to the same energy."""
    full = run_messages(lammps, models, [])
    assert_same_tables(run_messages(lammps, models, ["--half-list"]), full, rtol=1e-8)


def test_message_passing_leaves_the_settings_of_others(lammps, models):
    """The wider halo of ghosts ends with the style that needed it."""
    model = models("../../tests/lammps/message_passing")
    script = ATOMS + "\n".join(model_lines(lammps, model, "Ar")) + "\nrun 0\n" + LJ + "\nrun 0\n"
    halos = re.findall(r"ghost atom cutoff = ([\d.]+)", lammps.run(script, n_ranks=2))
    assert halos == ["13", "10.5"]  # 2 layers of 4.5 and twice the skin of 2; cutoff 8.5 and skin
