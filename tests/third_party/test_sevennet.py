# SPDX-License-Identifier: BSD-3-Clause
"""SevenNet-0 as exported by examples/python/sevennet.py gives what SevenNet's own calculator does, also in LAMMPS.

Its numbers have single precision. How much that is worth is measured: what the forces of SevenNet's calculator change
by when the atoms come in another order, which should change nothing.
"""

import ase.spacegroup
import numpy as np
import pytest
from ase.build import bulk
from lammps_input import lammps_commands, potential
from sevenn.calculator import SevenNetCalculator
from sevennet import sevennet_model
from thermo import read_dump, read_tables, thermo_output

from metatomic.torch import load_atomistic_model
from metatomic.torch.ase_calculator import MetatomicCalculator


@pytest.fixture(scope="module")
def model_path(tmp_path_factory):
    path = tmp_path_factory.mktemp("sevennet") / "sevennet-0.pt"
    sevennet_model("7net-0").save(path)
    return path


@pytest.fixture(scope="module")
def sevennet():
    return SevenNetCalculator("7net-0", device="cpu")


def quartz():
    """Alpha quartz, a triclinic box, with displaced atoms: 2 x 2 x 2 cells, 72 atoms."""
    cell = ase.spacegroup.crystal(
        ["Si", "O"],
        [(0.4697, 0.0, 2 / 3), (0.4133, 0.2672, 0.7855)],
        spacegroup=154,
        cellpar=[4.916, 4.916, 5.405, 90, 90, 120],
    )
    atoms = cell * (2, 2, 2)
    atoms.rattle(0.05, seed=1)
    return atoms


def salt():
    """Rock salt at the volume of the melt: 64 atoms."""
    return bulk("NaCl", "rocksalt", a=6.1, cubic=True) * (2, 2, 2)


def rounding_of(sevennet, atoms, forces):
    """Largest change of a force of SevenNet's calculator, eV/A, with the atoms in another order."""
    order = np.random.default_rng(0).permutation(len(atoms))
    shuffled = atoms[order]
    shuffled.calc = sevennet
    return np.abs(shuffled.get_forces() - forces[order]).max()


def compare(name, sevennet, atoms, energy, forces):
    reference = atoms.copy()
    reference.calc = sevennet
    expected, expected_energy = reference.get_forces(), reference.get_potential_energy()
    rounding = rounding_of(sevennet, reference, expected)
    energy_difference = abs(energy - expected_energy) / len(atoms)
    force_difference = np.abs(forces - expected).max()
    print(
        f"\n{name}: {len(atoms)} atoms, largest force {np.abs(expected).max():.2f} eV/A; differences: "
        f"energy {energy_difference:.1e} eV/atom, forces {force_difference:.1e} eV/A "
        f"(SevenNet with another order of atoms: {rounding:.1e} eV/A)",
        end="",
    )
    assert np.abs(expected).max() > 0.1
    assert energy_difference < 2e-6
    assert force_difference < max(5 * rounding, 2e-5)


@pytest.mark.parametrize("make_atoms", [quartz, salt])
def test_ase(make_atoms, model_path, sevennet):
    atoms = make_atoms()
    atoms.rattle(0.1, seed=2)
    atoms.calc = MetatomicCalculator(model_path, check_consistency=True)
    compare(f"ASE, {make_atoms.__name__}", sevennet, atoms, atoms.get_potential_energy(), atoms.get_forces())
    reference = atoms.copy()
    reference.calc = sevennet
    np.testing.assert_allclose(atoms.get_stress(), reference.get_stress(), rtol=5e-6, atol=1e-6)
    expected = reference.calc.results["energies"]
    np.testing.assert_allclose(atoms.get_potential_energies(), expected, rtol=0, atol=2e-5)


def test_crystal_in_lammps(lammps, model_path, sevennet):
    atoms = quartz()
    commands, symbols = lammps_commands(atoms, lammps.folder)
    script = commands + potential(lammps, model_path, symbols).format(every=1) + thermo_output("pe") + "run 0\n"
    (table,) = read_tables(lammps.run(script))
    (frame,) = read_dump(lammps.folder / "frames.dump")
    compare("LAMMPS, quartz", sevennet, atoms, table["PotEng"][0], frame[:, 4:])


def test_liquid_in_lammps(lammps, model_path, sevennet):
    atoms = salt()
    atoms.rattle(0.3, seed=3)
    commands, symbols = lammps_commands(atoms, lammps.folder)
    n_steps, n_frames = 400, 3
    lines = [
        "velocity all create 3000 4711",
        "timestep 0.002",
        "fix 1 all nvt temp 3000 1800 0.1",  # which adds no forces of its own to those that are compared
        f"run {n_steps}",
        "unfix 1",
        "fix 1 all nve",
        "run 100",
    ]
    every = (n_steps + 100) // (n_frames - 1)
    script = commands + potential(lammps, model_path, symbols).format(every=every)
    script += "\ncompute moved all msd" + thermo_output("pe etotal temp c_moved[4]", every=10) + "\n".join(lines) + "\n"
    heating, conserving = read_tables(lammps.run(script, timeout=3000))
    potential_energies = dict(zip([*heating["Step"], *conserving["Step"]], [*heating["PotEng"], *conserving["PotEng"]]))
    for number, frame in enumerate(read_dump(lammps.folder / "frames.dump")):
        step = number * every
        atoms.positions = frame[:, 1:4]
        compare(f"LAMMPS, molten salt, step {step}", sevennet, atoms, potential_energies[step], frame[:, 4:])

    moved = conserving["c_moved[4]"][-1]
    drift = np.abs(conserving["TotEng"] - conserving["TotEng"][0]).max() / len(atoms)
    print(f"\nmolten salt: {conserving['Temp'].mean():.0f} K, atoms moved by {moved ** 0.5:.1f} A (root of the mean")
    print(f"square), energy of 100 steps of 2 fs without thermostat constant within {drift:.1e} eV/atom")
    assert moved > 4.0, "not molten"
    assert drift < 1e-4


def test_loaded_model_says_what_it_can_do(model_path):
    capabilities = load_atomistic_model(model_path).capabilities()
    assert len(capabilities.atomic_types) == 89
    assert capabilities.interaction_range == 25.0
