# SPDX-License-Identifier: BSD-3-Clause
"""Energies, forces and pressures of models beside those of the native styles with the same physics."""

import functools

import numpy as np
import pytest

from runs import POTENTIALS, Lammps
from structures import ARGON, SILICON, block, structure, structures
from thermo import read_dump, read_tables


OBSERVE = """
thermo_style custom step pe pxx pyy pzz pxy pxz pyz
thermo_modify format float %22.15e norm no
dump forces all custom 1 {name}.dump id fx fy fz
dump_modify forces sort id format float %22.15e
run 0
undump forces
"""

SYSTEMS = {
    "argon": (structures(ARGON, 5), ["pair_style lj/cut 8.5", "pair_coeff 1 1 0.0103 3.405"], "Ar"),
    "silicon": (structures(SILICON, 4), ["pair_style sw", f"pair_coeff * * {POTENTIALS / 'Si.sw'} Si"], "Si"),
}
NAMES = list(structures(ARGON, 5))


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


def assert_same(result, reference, tolerance, smallest_pressure=0.0):
    scale = np.abs(reference["forces"]).max()
    pressure_scale = max(np.abs(reference["pressure"]).max(), smallest_pressure)
    assert result["energy"] == pytest.approx(reference["energy"], rel=tolerance)
    assert np.abs(result["pressure"] - reference["pressure"]).max() <= tolerance * pressure_scale
    # a perfect lattice has no forces but rounding errors
    assert np.abs(result["forces"] - reference["forces"]).max() <= tolerance * max(scale, 1e-2)


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
def test_float64(lammps, models, native, system, n_ranks, newton):
    commands, _, element = SYSTEMS[system]
    results = observe(lammps, commands, model_lines(lammps, MODELS[system](models), element), n_ranks, newton)
    for name in NAMES:
        assert_same(results[name], native(system, n_ranks)[name], 1e-10)


@pytest.mark.parametrize("n_ranks", [1, 4])
@pytest.mark.parametrize("system, template, n", [("argon", ARGON, [10, 20]), ("silicon", SILICON, [10])])
def test_thousands_of_atoms(lammps, models, system, template, n, n_ranks):
    """Argon with 4,000 and 32,000 atoms, silicon with 8,000."""
    _, pair, element = SYSTEMS[system]
    commands = {f"{cells}": structure(template, "p p p", block(cells, cells, cells)) for cells in n}
    results = observe(lammps, commands, model_lines(lammps, MODELS[system](models), element), n_ranks)
    reference = observe(lammps, commands, pair, n_ranks)
    for name in commands:
        assert_same(results[name], reference[name], 1e-10)


def test_half_list(lammps, models, native):
    lines = model_lines(lammps, argon_model(models, "--half-list"), "Ar")
    results = observe(lammps, SYSTEMS["argon"][0], lines, n_ranks=2)
    for name in NAMES:
        assert_same(results[name], native("argon", 2)[name], 1e-10)


@pytest.mark.parametrize("system", SYSTEMS)
def test_float32(lammps, models, native, system):
    commands, _, element = SYSTEMS[system]
    results = observe(lammps, commands, model_lines(lammps, MODELS[system](models, "--dtype", "float32"), element))
    for name in NAMES:
        assert_same(results[name], native(system)[name], 2e-5, smallest_pressure=1e5)


@pytest.mark.parametrize("system", SYSTEMS)
def test_total_energy_along_a_trajectory(lammps, models, system):
    script = SYSTEMS[system][0]["perturbed"] + "\n".join(["{pair}", "velocity all create 100 87287"])
    script += "\nfix nve all nve\nthermo 20\nthermo_style custom step etotal pe\nthermo_modify format float %22.15e\nrun 200\n"
    element = SYSTEMS[system][2]
    ours = lammps.run(script.format(pair="\n".join(model_lines(lammps, MODELS[system](models), element))))
    theirs = lammps.run(script.format(pair="\n".join(SYSTEMS[system][1])))
    (model,) = read_tables(ours)
    (native_table,) = read_tables(theirs)
    assert len(model["Step"]) == 11
    np.testing.assert_allclose(model["TotEng"], native_table["TotEng"], rtol=1e-8)
    assert "marshal  | forward  | backward | store" in ours
