# SPDX-License-Identifier: BSD-3-Clause
"""The pair style in the settings of real input scripts: hybrid styles, minimisation, rerun, other units."""

import re

import numpy as np
import pytest

from structures import ARGON, ON_GPU, ONLY_BINS, OTHER_LIST, SILICON, block, structure
from test_native_styles import SYSTEMS, argon_model, assert_same_tables, model_lines, silicon_model
from thermo import read_dump, read_tables, thermo_output


ATOMS = structure(ARGON, "p p p", block(4, 4, 4))
LJ = "\n".join(SYSTEMS["argon"][1])
ON_RANKS = pytest.mark.parametrize("n_ranks", [1, 2, 4])
THERMO = thermo_output()


def both(lammps, models, script, n_ranks=1):
    """Tables of a script with the model and with the native style, in place of {pair}."""
    model = "\n".join(model_lines(lammps, argon_model(models), "Ar"))
    ours, theirs = (read_tables(lammps.run(script.replace("{pair}", pair), n_ranks)) for pair in [model, LJ])
    return ours, theirs


@ON_RANKS
def test_minimize(lammps, models, n_ranks):
    script = ATOMS + "{pair}" + THERMO + "minimize 0 1e-6 20 200\n"
    assert_same_tables(*both(lammps, models, script, n_ranks), rtol=1e-9)


@ON_RANKS
def test_run_after_run(lammps, models, n_ranks):
    script = ATOMS + "{pair}" + THERMO + "fix nve all nve\nrun 3\nrun 0\nrun 3 pre no\nneighbor 1.0 bin\nrun 3\n"
    script += f"neigh_modify every 2 delay 4 check no\nrun 6\ncomm_modify cutoff 14.0\nneighbor 1.5 {OTHER_LIST}\nrun 3\n"
    assert_same_tables(*both(lammps, models, script, n_ranks))


@ON_RANKS
def test_atoms_that_come_and_go(lammps, models, n_ranks):
    script = ATOMS + "{pair}" + THERMO + "fix nve all nve\nrun 3\nregion hole sphere 10 10 10 4 units box\n"
    script += "delete_atoms region hole\nrun 3\ncreate_atoms 1 single 10 10 10 units box\nrun 3\n"
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
    script += "{pair}" + thermo_output(every=10) + "velocity all create 1500 87287\nfix nve all nve\nrun 150\n"
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


SET_ON_THE_GPU = pytest.mark.skipif(ON_GPU, reason="'set' changes types on the host only, also for LAMMPS's own styles")


@SET_ON_THE_GPU
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


@SET_ON_THE_GPU
def test_types_that_change_long_after_a_list_was_made(lammps, models):
    """Two atoms part by almost a skin and come back within the cutoff, all of it before the next list."""
    script = """units metal
atom_style atomic
boundary f f f
region box block 0 60 0 60 0 60
create_box 2 box
mass * 39.95
create_atoms 1 single 20 30 30
create_atoms 1 single 30.3 30 30
create_atoms 1 single 20 50 50
create_atoms 1 single 24 50 50
neighbor 2.0 bin
group pair id 1 2
velocity all set 0 0 0
velocity pair ramp vx -10 10 x 20 30.3
{pair}
fix nve all nve
"""
    script += THERMO + "run 80\nvelocity pair ramp vx 10 -10 x 19.2 31.1\nset atom 4 type 2\nrun 176 pre no\n"
    model = models("lennard_jones", "--types", "18", "36", "--sigma", "3.4", "3.8", "--epsilon", "0.01", "0.02")
    ours = model_lines(lammps, model, "Ar Kr")
    theirs = ["pair_style lj/cut 8.5", "pair_modify mix geometric", "pair_coeff 1 1 0.01 3.4", "pair_coeff 2 2 0.02 3.8"]
    logs = [lammps.run(script.replace("{pair}", "\n".join(pair))) for pair in [ours, theirs]]
    assert [log.count("Neighbor list builds = 0") for log in logs] == [2, 2]
    assert_same_tables(*map(read_tables, logs))
    energies = read_tables(logs[0])[1]["PotEng"]
    assert energies[-1] < energies[0] - 1e-4  # they came within the cutoff


ISOLATED = "../../tests/lammps/isolated_atoms"


@pytest.mark.parametrize("n_ranks", [1, 2])
def test_atoms_that_gcmc_tries_to_remove(lammps, models, n_ranks):
    """The same chain of Monte Carlo moves for atoms that have an energy alone, and a chemical potential as much lower."""
    atoms = structure(ARGON, "p p p", block(4, 4, 4)).replace("neighbor 2.0", "neighbor 1.0")
    atoms += "delete_atoms random fraction 0.2 yes all NULL 4711\nvelocity all create 80 4711\nfix nve all nve\n"
    end = thermo_output("atoms f_moves[3] f_moves[4] f_moves[5] f_moves[6] press", every=5) + "run 20\n"
    tables = []
    for pair, energy in [(model_lines(lammps, models(ISOLATED, "--energies", "-1.0"), "Ar"), -1.0), ([LJ], 0.0)]:
        moves = f"\nfix moves all gcmc 5 40 0 1 29494 80 {energy - 0.05} 0.5 full_energy\n"
        log = lammps.run(atoms + "\n".join(pair) + moves + end, n_ranks, check=None)
        if "Unrecognized fix style 'gcmc'" in log:
            pytest.skip("this LAMMPS was built without its package MC")
        tables += read_tables(log)
    assert len(tables) == 2, log
    assert_same_tables(tables[:1], tables[1:], rtol=1e-8)
    assert tables[0]["f_moves[5]"][-1] > 20  # attempts


def test_one_of_several_energies(lammps, models):
    model = models(ISOLATED, "--energies", "0.0", "-5.0")
    script = ATOMS + THERMO + f"plugin load {lammps.plugin}\n"
    for variant in ["0", "1"]:
        script += f"pair_style metatensor {model} variant {variant}\npair_coeff * * Ar\nrun 0\n"
    tables = read_tables(lammps.run(script))
    native = read_tables(lammps.run(ATOMS + LJ + THERMO + "run 0\n"))
    assert_same_tables(tables[:1], native)
    n_atoms = 4 * 4**3
    assert tables[1]["PotEng"][0] == pytest.approx(tables[0]["PotEng"][0] - 5.0 * n_atoms, rel=1e-13)


def test_energies_in_single_precision_are_added_in_double_precision(lammps, models):
    """Large energies of atoms: what computes ask for changes nothing, and the energy follows the forces."""
    model = models(ISOLATED, "--energies", "-1000.0", "--dtype", "float32")
    script = ATOMS + "\n".join(model_lines(lammps, model, "Ar"))
    script += "\ncompute energies all pe/atom\ncompute energy all reduce sum c_energies\n"
    script += "velocity all create 80 4711\nfix nve all nve\n"
    (alone,) = read_tables(lammps.run(script + thermo_output("pe etotal") + "run 6\n"))
    (both,) = read_tables(lammps.run(script + thermo_output("pe etotal c_energy") + "run 6\n"))
    assert both["PotEng"].tolist() == pytest.approx(both["c_energy"].tolist(), rel=1e-15)
    if ON_GPU:  # the model adds the energies of an atom's pairs there in another order in each run
        assert alone["PotEng"].tolist() == pytest.approx(both["PotEng"].tolist(), rel=1e-8)
    else:
        assert alone["PotEng"].tolist() == both["PotEng"].tolist()
    # 256 roundings of 1000 eV to float32, 3e-5 each: a sum of 256,000 in float32 would have steps of 0.03
    assert len(set(alone["PotEng"])) == 7
    assert np.ptp(alone["TotEng"]) < 5e-3


def test_far_ghosts_are_no_part_of_the_system(lammps, bad_model):
    """Ghosts that another style needs are not for the model."""
    model = bad_model("counts")
    lines = f"plugin load {lammps.plugin}\npair_style {{}}\npair_coeff * * metatensor Ar\n{{}}run 0\n"
    atoms = structure(ARGON, "p p p", block(8, 8, 8))
    styles = f"hybrid/overlay metatensor {model} lj/cut 14.0"
    log = lammps.run(atoms + lines.format(styles, "pair_coeff 1 1 lj/cut 0.0103 3.405\n"), n_ranks=2)
    counts = {int(n) for n in re.findall(r"(\d+) atoms in the system", log)}
    # half of the box, and on either side the range of 4 and twice the skin of 2, of which the last is sparse
    assert len(counts) == 2 and max(counts) < 0.95 * 4 * 8**3


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


@pytest.mark.parametrize(
    "hybrid, native",
    [
        (
            "hybrid/overlay metatensor {model} metatensor {model}\npair_coeff * * metatensor 1 Ar\npair_coeff * * metatensor 2 Ar",
            "lj/cut 8.5\npair_coeff 1 1 0.0206 3.405",
        ),
        pytest.param(
            "hybrid/scaled 0.3 metatensor {model} 0.7 lj/cut 8.5\npair_coeff * * metatensor Ar\npair_coeff 1 1 lj/cut 0.0103 3.405",
            "lj/cut 8.5\npair_coeff 1 1 0.0103 3.405",
            marks=pytest.mark.skipif(ONLY_BINS, reason="KOKKOS has no pair_style hybrid/scaled"),
        ),
    ],
    ids=["twice", "scaled"],
)
def test_models_that_share_the_work(lammps, models, hybrid, native):
    ours = f"plugin load {lammps.plugin}\npair_style {hybrid.format(model=argon_model(models))}"
    script = ATOMS + "{pair}" + THERMO + "fix nve all nve\nrun 4\n"
    tables = [read_tables(lammps.run(script.replace("{pair}", pair), n_ranks=2)) for pair in [ours, f"pair_style {native}"]]
    assert_same_tables(*tables)


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
    observe = "\ncompute pe all pe/atom\ncompute sum all reduce sum c_pe\ndump pe all custom 1 {file} id c_pe\n"
    observe += "dump_modify pe sort id format float %22.15e\n" + thermo_output("pe c_sum") + "run 0\n"
    script = atoms["triclinic"] + "{pair}" + observe
    ours = "\n".join(model_lines(lammps, model(models), element))
    (table,) = read_tables(lammps.run(script.replace("{pair}", ours).replace("{file}", "ours"), n_ranks))
    lammps.run(script.replace("{pair}", "\n".join(pair)).replace("{file}", "theirs"), n_ranks)
    (found,) = read_dump(lammps.folder / "ours")
    (reference,) = read_dump(lammps.folder / "theirs")
    np.testing.assert_allclose(table["c_sum"], table["PotEng"], rtol=1e-12)
    if system == "argon":  # a three-body energy can be shared out in several ways
        np.testing.assert_allclose(found[:, 1], reference[:, 1], rtol=1e-10)


@ON_RANKS
def test_two_dimensions(lammps, models, n_ranks):
    atoms = structure(ARGON, "p p p", block(8, 8, 1), before="dimension 2")
    for old, new in [("lattice fcc 5.26", "lattice hex 3.9"), ("0.2 0.2 0.2", "0.2 0.2 0.0"), ("0 1\ncreate_box", "-0.1 0.1\ncreate_box")]:
        assert old in atoms
        atoms = atoms.replace(old, new)
    script = atoms + "{pair}" + thermo_output("pe pxx pyy pxy fmax")
    script += "velocity all create 300 87287\nfix nve all nve\nfix flat all enforce2d\nrun 20\n"
    assert_same_tables(*both(lammps, models, script, n_ranks), rtol=1e-9)


def test_energies_of_atoms_in_a_strided_tensor(lammps, bad_model):
    script = ATOMS + "\n".join(model_lines(lammps, bad_model("strided"), "Ar"))
    script += "\ncompute pe all pe/atom\ncompute sum all reduce sum c_pe\n" + thermo_output("pe c_sum") + "run 0\n"
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
    # not at random: LAMMPS's random displacements depend on coordinates, and so on units
    wave = "displace_atoms all ramp x 0.0 {0} y 0.0 {1} units box\n"
    crystal = structure(ARGON, "p p p", block(3, 3, 3)).replace("displace_atoms", "#")
    metal = crystal + wave.format(0.4, 15.0)
    other = crystal.replace("units metal", f"units {units}").replace("fcc 5.26", f"fcc {5.26 / length!r}")
    other = other.replace("neighbor 2.0", f"neighbor {2.0 / length!r}").replace("mass 1 39.95", f"mass 1 {mass}")
    other += wave.format(repr(0.4 / length), repr(15.0 / length))
    pair = "\n".join(model_lines(lammps, argon_model(models), "Ar")) + thermo_output("pe press fmax") + "run 0\n"
    (reference,) = read_tables(lammps.run(metal + pair))
    (found,) = read_tables(lammps.run(other + pair))
    np.testing.assert_allclose(found["PotEng"] * energy, reference["PotEng"], rtol=1e-6)
    np.testing.assert_allclose(found["Fmax"] * energy / length, reference["Fmax"], rtol=1e-6)
    np.testing.assert_allclose(found["Press"] * pressure, reference["Press"], rtol=1e-5)


@pytest.mark.skipif(ON_GPU, reason="LAMMPS orders atoms and lists there in another order in each run")
def test_bitwise_reproducible(lammps, models):
    script = structure(SILICON, "p p p", block(4, 4, 4)) + "\n".join(
        model_lines(lammps, silicon_model(models), "Si") + ["velocity all create 1500 1", "fix nve all nve"]
    )
    script += THERMO + "run 20\n"
    first, second = (read_tables(lammps.run(script))[0] for _ in range(2))
    for column in first:
        np.testing.assert_array_equal(first[column], second[column])
