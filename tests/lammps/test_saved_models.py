# SPDX-License-Identifier: BSD-3-Clause
"""Models that other packages saved, of both generations: energies and forces are what those packages got."""

import numpy as np
import pytest
import torch

from conftest import ROOT
from thermo import read_dump, read_tables, thermo_output


FOLDER = ROOT / "tests" / "atomistic" / "saved_models"
ANGSTROMS_IN_NM = 10.0


def box_of(saved):
    """Commands for the first system, which has a cubic cell; its lengths are nanometers."""
    edge = ANGSTROMS_IN_NM * float(saved["0.cell"][0, 0])
    lines = ["units metal", "atom_modify map array", f"region box block 0 {edge!r} 0 {edge!r} 0 {edge!r}", "create_box 2 box"]
    for i, (kind, position) in enumerate(zip(saved["0.types"].tolist(), (ANGSTROMS_IN_NM * saved["0.positions"].double() % edge).tolist())):
        x, y, z = map(repr, position)
        lines.append(f"create_atoms {1 if kind == 1 else 2} single {x} {y} {z} units box")
    return lines + ["mass * 1.0", "neighbor 0.5 bin"]


# not "dense", whose energy is that of all systems of a call
@pytest.mark.parametrize("name", ["springs", "springs-float32", "many-outputs", "by-type"])
@pytest.mark.parametrize("folder", ["metatensor-torch-0.7.6", "metatomic-torch-0.1.19"])
def test_energy_and_forces(lammps, folder, name):
    saved = torch.load(FOLDER / folder / f"{name}.results.pt")
    lines = box_of(saved) + [f"plugin load {lammps.plugin}", f"pair_style metatensor {FOLDER / folder / name}.pt"]
    lines += ["pair_coeff * * H O", "dump forces all custom 1 forces.dump id fx fy fz", "dump_modify forces sort id format float %22.15e"]
    (table,) = read_tables(lammps.run("\n".join(lines) + thermo_output("pe") + "run 0\n"))
    (forces,) = read_dump(lammps.folder / "forces.dump")

    energy = float(saved["energy.values"][0])
    # the results have the unit that their script asked for: meV of models that have eV, else eV
    unit = table["PotEng"][0] / energy
    assert unit == pytest.approx(1.0 if abs(unit - 1) < 0.5 else 1e-3, rel=1e-6)
    expected = saved["0.forces"].double().numpy() / ANGSTROMS_IN_NM * round(unit, 3)
    np.testing.assert_allclose(forces[:, 1:], expected, rtol=0, atol=1e-6 * np.abs(expected).max())
