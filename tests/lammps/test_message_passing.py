# SPDX-License-Identifier: BSD-3-Clause
"""A model whose atoms feel neighbors of neighbors: the halo of ghosts is wider than the cutoff, and ghosts have pairs."""

import re

import numpy as np
import pytest

from structures import ARGON, block, prism, structure
from test_native_styles import assert_same_tables, model_lines
from test_simulations import ATOMS, LJ
from thermo import read_tables, thermo_output


MESSAGES = [[], ["--half-list"], ["--second-cutoff", "6.0"], ["--half-list", "--second-cutoff", "3.9"]]


CUBE = structure(ARGON, "p p p", block(4, 4, 4))
COLUMNS = "pe pxx pyy pzz pxy pxz pyz"


def messages_model(models, options=()):
    return models("../../tests/lammps/message_passing", *options)


def run_messages(lammps, models, options, n_ranks=1, newton="on", atoms=CUBE):
    """Energies and pressures of a hot system, whose lists are rebuilt often."""
    script = f"newton {newton}\n" + atoms.replace("neighbor 2.0", "neighbor 0.3")
    script += "\n".join(model_lines(lammps, messages_model(models, options), "Ar")) + thermo_output(COLUMNS, every=10)
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
    atoms = structure(ARGON, "p p p", prism(4, 4, 4, 1.6, -1.2, 0.8))
    reference = run_messages(lammps, models, [], atoms=atoms)
    assert_same_tables(run_messages(lammps, models, [], 4, atoms=atoms), reference, rtol=1e-8)


def test_message_passing_with_empty_ranks(lammps, models):
    box = block(4, 4, 16) + "\nregion slab block INF INF INF INF 0 3.9"
    atoms = structure(ARGON, "p p p", box, before="processors 1 1 *", where="region slab")
    reference = run_messages(lammps, models, [], atoms=atoms)
    for n_ranks in [2, 4]:
        assert_same_tables(run_messages(lammps, models, [], n_ranks, atoms=atoms), reference, rtol=1e-8)


@pytest.mark.parametrize("options", [[], ["--half-list"]], ids=["full", "half"])
@pytest.mark.parametrize("n_ranks, processors", [(1, "* * *"), (2, "1 1 2"), (4, "1 1 4"), (4, "2 2 1")])
def test_message_passing_in_a_box_smaller_than_the_cutoff(lammps, models, n_ranks, processors, options):
    """Three copies of the box have three times its energy, and its pressure."""
    atoms = structure(ARGON, "p p p", block(3, 3, 1))
    pair = "\n".join(model_lines(lammps, messages_model(models, ["--second-cutoff", "6.0", *options]), "Ar"))
    end = pair + thermo_output(COLUMNS) + "run 0\n"
    split = atoms.replace("atom_style atomic", f"atom_style atomic\nprocessors {processors}")
    (small,) = read_tables(lammps.run(split + end, n_ranks))
    (large,) = read_tables(lammps.run(atoms + "replicate 2 2 3\n" + end))
    np.testing.assert_allclose(12 * small["PotEng"], large["PotEng"], rtol=1e-12)
    for column in ["Pxx", "Pyy", "Pzz", "Pxy", "Pxz", "Pyz"]:
        np.testing.assert_allclose(small[column], large[column], atol=1e-10 * abs(large["Pxx"][0]))


def test_message_passing_between_some_types(lammps, models):
    """In a hybrid style, where LAMMPS makes the list from another one: as if the other atoms were not there."""
    atoms = CUBE.replace("create_box 1", "create_box 2").replace("mass 1", "set type 1 type/fraction 2 0.3 99\nmass *")
    load = f"plugin load {lammps.plugin}\npair_style "
    hybrid = f"{load}hybrid metatensor {messages_model(models)} lj/cut 8.0\npair_coeff * * metatensor Ar NULL\n"
    hybrid += "pair_coeff * 2 lj/cut 0.0 3.0\n"
    alone = f"group second type 2\ndelete_atoms group second\n{load}metatensor {messages_model(models)}\npair_coeff * * Ar Ar\n"
    end = thermo_output("pe fmax") + "run 0\n"
    (expected,) = read_tables(lammps.run(atoms + alone + end))
    for n_ranks in [1, 4]:
        (found,) = read_tables(lammps.run(atoms + hybrid + end, n_ranks))
        for column in ["PotEng", "Fmax"]:
            np.testing.assert_allclose(found[column], expected[column], rtol=1e-10)


def test_message_passing_with_half_and_full_lists(lammps, models):
    """Two ways to the same energy."""
    full = run_messages(lammps, models, [])
    assert_same_tables(run_messages(lammps, models, ["--half-list"]), full, rtol=1e-8)


def test_message_passing_leaves_the_settings_of_others(lammps, models):
    """The wider halo of ghosts ends with the style that needed it."""
    model = messages_model(models)
    script = ATOMS + "\n".join(model_lines(lammps, model, "Ar")) + "\nrun 0\n" + LJ + "\nrun 0\n"
    halos = re.findall(r"ghost atom cutoff = ([\d.]+)", lammps.run(script, n_ranks=2))
    assert halos == ["13", "10.5"]  # 2 layers of 4.5 and twice the skin of 2; cutoff 8.5 and skin


def test_several_styles_widen_the_halo(lammps, models):
    """And none leaves its own behind, whichever ends first."""
    near, far = messages_model(models), messages_model(models, ["--second-cutoff", "6.0"])
    script = ATOMS + f"plugin load {lammps.plugin}\npair_style hybrid/overlay metatensor {near} metatensor {far}\n"
    script += "pair_coeff * * metatensor 1 Ar\npair_coeff * * metatensor 2 Ar\nrun 0\n"
    script += "neighbor 0.5 bin\nrun 0\n" + LJ + "\nrun 0\n"
    halos = re.findall(r"ghost atom cutoff = ([\d.]+)", lammps.run(script, n_ranks=2))
    assert halos == ["14.5", "9"]  # LAMMPS prints it for new lists only
