# SPDX-License-Identifier: BSD-3-Clause
"""Models that metatrain trains and exports with the existing implementation run here, and metatrain runs on this library.

The training is short and the data set tiny: what matters is that the numbers are the same.
"""

import os
import pathlib
import subprocess
import sys

import ase.io
import numpy as np
import pytest
import sphericart.torch  # noqa: F401  (the derivatives of what SOAP-BPNN calls)
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator
from lammps_input import lammps_commands, potential
from thermo import read_dump, read_tables, thermo_output

import metatomic.torch
from metatomic.torch.ase_calculator import MetatomicCalculator


OPTIONS = """
seed: 1
base_precision: {bits}
architecture:
  name: {name}
  {model}
training_set:
  systems: {{read_from: alloys.xyz, length_unit: angstrom}}
  targets: {{energy: {{key: energy, unit: eV, forces: {{key: forces}}, stress: {{key: stress}}}}}}
validation_set: 0.2
test_set: 0.1
"""

MODELS = {
    "pet": "{model: {cutoff: 4.0, d_pet: 16, d_head: 16, d_node: 16, d_feedforward: 16, num_heads: 2}, "
    "training: {num_epochs: 20, batch_size: 4, learning_rate: 0.01}}",
    "soap_bpnn": "{model: {soap: {max_angular: 3, max_radial: 3, cutoff: {radius: 4.0}}, add_lambda_basis: false}, "
    "training: {num_epochs: 20, batch_size: 4, learning_rate: 0.01}}",
}

# What metatomic-ase gives, which only knows the classes of the existing implementation.
REFERENCE = """
import sys, ase.io, numpy, metatomic.torch, sphericart.torch
from metatomic_ase import MetatomicCalculator
model, atoms, results = sys.argv[1:]
assert "site-packages" in metatomic.torch.__file__
atoms = ase.io.read(atoms)
atoms.calc = MetatomicCalculator(model, extensions_directory="extensions", check_consistency=True)
numpy.savez(results, energy=atoms.get_potential_energy(), forces=atoms.get_forces(), stress=atoms.get_stress(), energies=atoms.get_potential_energies())
"""


def run(command, folder, with_ours=False):
    """Runs a command with the existing packages, or with ours in their place, and returns its output."""
    environment = {key: value for key, value in os.environ.items() if with_ours or key != "PYTHONPATH"}
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    return result.stdout


def alloys():
    """24 cubes of 4 atoms, copper and gold, with the energies of effective medium theory."""
    structures = []
    for seed in range(24):
        atoms = bulk("Cu", "fcc", a=3.8 + 0.01 * seed, cubic=True)
        atoms.symbols[seed % 4] = "Au"
        atoms.rattle(0.1, seed=seed)
        atoms.calc = EMT()
        results = {name: atoms.calc.get_property(name, atoms) for name in ["energy", "forces", "stress"]}
        atoms.calc = SinglePointCalculator(atoms, **results)
        structures.append(atoms)
    return structures


def larger():
    """A crystal that no structure of the data set is like."""
    atoms = bulk("Cu", "fcc", a=3.9, cubic=True) * (2, 2, 3)
    atoms.symbols[::5] = "Au"
    atoms.rattle(0.15, seed=100)
    return atoms


def train(folder, name, bits, with_ours=False):
    ase.io.write(folder / "alloys.xyz", alloys())
    (folder / "options.yaml").write_text(OPTIONS.format(name=name, model=MODELS[name][1:-1].replace("}, training", "}\n  training"), bits=bits))
    mtt = pathlib.Path(sys.executable).with_name("mtt")
    run([mtt, "train", "options.yaml", "--extensions", "extensions"], folder, with_ours)
    return folder / "model.pt"


@pytest.fixture(scope="module", params=[("pet", 32), ("pet", 64), ("soap_bpnn", 64)], ids=lambda param: f"{param[0]}-{param[1]}")
def trained(request, tmp_path_factory):
    """Name, relative size of rounding, folder of a model that was trained with the existing packages."""
    name, bits = request.param
    folder = tmp_path_factory.mktemp(name)
    train(folder, name, bits)
    return f"{name}, float{bits}", 1e-5 if bits == 32 else 1e-11, folder


def compare(name, rounding, results, expected):
    """Compares the quantities that both have, and prints the largest differences."""
    texts = []
    for quantity in sorted(results):
        value, reference = np.asarray(results[quantity]), expected[quantity]
        difference = np.abs(value - reference).max()
        texts.append(f"{quantity} {'the same bits' if np.array_equal(value, reference) else format(difference, '.1e')}")
        assert difference <= rounding * np.abs(reference).max(), (name, quantity)
    print(f"\n{name}: {len(expected['forces'])} atoms, largest force {np.abs(expected['forces']).max():.2f} eV/A; " + ", ".join(texts), end="")


@pytest.fixture
def reference(trained):
    """What the existing packages give for the larger crystal."""
    folder = trained[2]
    ase.io.write(folder / "larger.traj", larger())
    run([sys.executable, "-W", "ignore", "-c", REFERENCE, "model.pt", "larger.traj", "results.npz"], folder)
    return np.load(folder / "results.npz")


def results_of(model, atoms, folder):
    atoms.calc = MetatomicCalculator(model, extensions_directory=folder / "extensions", check_consistency=True)
    return {
        "energy": atoms.get_potential_energy(),
        "forces": atoms.get_forces(),
        "stress": atoms.get_stress(),
        "energies": atoms.get_potential_energies(),
    }


def test_ase(trained, reference):
    name, rounding, folder = trained
    assert "site-packages" not in metatomic.torch.__file__
    compare(f"ASE, {name}", rounding, results_of(folder / "model.pt", larger(), folder), reference)


def test_lammps(trained, reference, lammps):
    name, rounding, folder = trained
    commands, symbols = lammps_commands(larger(), lammps.folder)
    model = f"{folder}/model.pt"
    if (folder / "extensions").exists():
        model += f" extensions {folder}/extensions"
    script = commands + potential(lammps, model, symbols).format(every=1) + thermo_output("pe") + "run 0\n"
    if name.startswith("soap_bpnn"):  # sphericart-torch 2.0 has its derivatives in Python
        assert "the operator 'sphericart_torch::spherical_harmonics' of the model has no derivative" in lammps.run(script, check=False)
        return
    (table,) = read_tables(lammps.run(script))
    (frame,) = read_dump(lammps.folder / "frames.dump")
    # the text of positions has 15 digits
    compare(f"LAMMPS, {name}", max(rounding, 1e-9), {"energy": table["PotEng"][0], "forces": frame[:, 4:]}, reference)


@pytest.mark.parametrize("name", ["pet"])
def test_training_with_this_library(name, tmp_path):
    """The training has the same seed: the model is the one that metatrain trains with the existing packages."""
    results = {}
    for with_ours in [False, True]:
        folder = tmp_path / ("ours" if with_ours else "theirs")
        folder.mkdir()
        results[with_ours] = results_of(train(folder, name, 64, with_ours), larger(), folder)
    compare(f"ASE, {name}, trained with this library", 1e-6, results[True], results[False])
