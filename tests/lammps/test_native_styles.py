# SPDX-License-Identifier: BSD-3-Clause
"""Energies, forces and pressures of models beside those of the native styles with the same physics."""

import functools

import numpy as np
import pytest

from runs import POTENTIALS, Lammps
from structures import ARGON, SILICON, block, structure, structures
from thermo import read_dump, read_tables, thermo_output


OBSERVE = f"""{thermo_output("pe pxx pyy pzz pxy pxz pyz")}
dump forces all custom 1 {{name}}.dump id fx fy fz
dump_modify forces sort id format float %22.15e
run 0
undump forces
"""

# cutoffs: 8.5 and 3.77
STRUCTURES = {
    "argon": structures(ARGON, 5),
    "silicon": structures(SILICON, 4, thinner="change_box all z scale 0.65 remap\n"),
}
SYSTEMS = {
    "argon": (STRUCTURES["argon"], ["pair_style lj/cut 8.5", "pair_coeff 1 1 0.0103 3.405"], "Ar"),
    "silicon": (STRUCTURES["silicon"], ["pair_style sw", f"pair_coeff * * {POTENTIALS / 'Si.sw'} Si"], "Si"),
}
NAMES = list(STRUCTURES["argon"])
TEMPLATES = {"argon": ARGON, "silicon": SILICON}


def argon_model(models, *options):
    return models("lennard_jones", "--sigma", "3.405", "--epsilon", "0.0103", "--cutoff", "8.5", *options)


def silicon_model(models, *options):
    return models("stillinger_weber", "--parameters", str(POTENTIALS / "Si.sw"), *options)


MODELS = {"argon": argon_model, "silicon": silicon_model}


def observe(lammps, commands, pair_lines, n_ranks=1, newton="on"):
    """pe, pressures and forces for structures, by name; all in one LAMMPS, one after the other."""
    script = ""
    for name in commands:
        head = f"clear\nnewton {newton}\n" + commands[name]
        script += head + "\n".join(pair_lines) + OBSERVE.format(name=name)
    tables = read_tables(lammps.run(script, n_ranks))
    assert len(tables) == len(commands)
    results = {}
    for name, table in zip(commands, tables):
        (forces,) = read_dump(lammps.folder / f"{name}.dump")
        results[name] = {
            "energy": table["PotEng"][0] / len(forces),
            "pressure": np.array([table[p][0] for p in ["Pxx", "Pyy", "Pzz", "Pxy", "Pxz", "Pyz"]]),
            "forces": forces[:, 1:],
        }
    return results


def model_lines(lammps, path, element):
    return [f"plugin load {lammps.plugin}", f"pair_style metatensor {path}", f"pair_coeff * * {element}"]


def differences(result, reference, smallest_pressure=0.0):
    """Relative: energy; forces, to the largest; pressure components, to the largest."""
    # a perfect lattice has no forces but rounding errors
    force = max(np.abs(reference["forces"]).max(), 1e-2)
    pressure = max(np.abs(reference["pressure"]).max(), smallest_pressure)
    return (
        abs(result["energy"] / reference["energy"] - 1),
        np.abs(result["forces"] - reference["forces"]).max() / force,
        np.abs(result["pressure"] - reference["pressure"]).max() / pressure,
    )


def assert_same(result, reference, tolerance, **options):
    assert max(differences(result, reference, **options)) <= tolerance


def assert_same_tables(ours, theirs, rtol=1e-10):
    assert len(ours) == len(theirs) > 0
    for table, reference in zip(ours, theirs):
        for column in reference:
            np.testing.assert_allclose(table[column], reference[column], rtol=rtol, err_msg=column)


@pytest.fixture(scope="module")
def native(tmp_path_factory):
    """Results of the native style: native("argon", n_ranks). The ids of created atoms depend on the number of ranks."""

    @functools.cache
    def get(system, n_ranks=1):
        commands, pair, _ = SYSTEMS[system]
        return observe(Lammps(tmp_path_factory.mktemp(system)), commands, pair, n_ranks)

    return get


@pytest.mark.parametrize(
    "n_ranks, newton", [(1, "on"), (2, "on"), (4, "on"), (1, "off"), (4, "off")], ids=lambda value: str(value)
)
@pytest.mark.parametrize("system", SYSTEMS)
def test_float64(lammps, models, native, note_differences, system, n_ranks, newton):
    commands, _, element = SYSTEMS[system]
    results = observe(lammps, commands, model_lines(lammps, MODELS[system](models), element), n_ranks, newton)
    for name in NAMES:
        note_differences(f"{system}, float64", differences(results[name], native(system, n_ranks)[name]))
        assert_same(results[name], native(system, n_ranks)[name], 1e-10)


def native_and_model(lammps, models, system):
    """The lines of both pair styles."""
    _, native, element = SYSTEMS[system]
    return native, model_lines(lammps, MODELS[system](models), element)


@pytest.mark.parametrize("n_ranks", [1, 2, 4])
@pytest.mark.parametrize("system, n", [("argon", [10, 20]), ("silicon", [10])])
def test_thousands_of_atoms(lammps, models, system, n, n_ranks):
    """Argon with 4,000 and 32,000 atoms, silicon with 8,000; perfect and perturbed."""
    commands = {}
    for cells in n:
        perturbed = structure(TEMPLATES[system], "p p p", block(cells, cells, cells))
        commands[f"perturbed_{cells}"] = perturbed
        commands[f"perfect_{cells}"] = perturbed.replace("displace_atoms", "#")
    reference, results = (observe(lammps, commands, pair, n_ranks) for pair in native_and_model(lammps, models, system))
    for name in commands:
        assert_same(results[name], reference[name], 1e-10)


def test_half_list(lammps, models, native):
    lines = model_lines(lammps, argon_model(models, "--half-list"), "Ar")
    results = observe(lammps, SYSTEMS["argon"][0], lines, n_ranks=2)
    for name in NAMES:
        assert_same(results[name], native("argon", 2)[name], 1e-10)


# of a perfect lattice, the pressure in bar is what is left of large parts
@pytest.mark.parametrize("system, smallest_pressure", [("argon", 1e3), ("silicon", 1e5)])
def test_float32(lammps, models, native, note_differences, system, smallest_pressure):
    commands, _, element = SYSTEMS[system]
    results = observe(lammps, commands, model_lines(lammps, MODELS[system](models, "--dtype", "float32"), element))
    for name in NAMES:
        options = {"smallest_pressure": smallest_pressure}
        note_differences(f"{system}, float32", differences(results[name], native(system)[name], **options))
        assert_same(results[name], native(system)[name], 2e-5, **options)


@pytest.mark.parametrize(
    "system, cells, n_atoms", [("argon", 10, 4_000), ("argon", 20, 32_000), ("silicon", 4, 512), ("silicon", 10, 8_000)]
)
def test_total_energy_along_a_trajectory(lammps, models, system, cells, n_atoms):
    script = structure(TEMPLATES[system], "p p p", block(cells, cells, cells)) + "{pair}\nvelocity all create 100 87287\n"
    script += "fix nve all nve\n" + thermo_output("etotal pe press", every=20) + "run 200\n"
    native, model = (
        lammps.run(script.format(pair="\n".join(pair))) for pair in native_and_model(lammps, models, system)
    )
    assert f"for 200 steps with {n_atoms} atoms" in model
    (reference,), (table,) = read_tables(native), read_tables(model)
    assert len(table["Step"]) == 11
    np.testing.assert_allclose(table["TotEng"], reference["TotEng"], rtol=1e-8)
    np.testing.assert_allclose(table["PotEng"], reference["PotEng"], rtol=1e-8)
