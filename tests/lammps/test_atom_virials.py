# SPDX-License-Identifier: BSD-3-Clause
"""Virials of atoms, and the heat flux that LAMMPS makes of them."""

import numpy as np
import pytest

from structures import ARGON, SILICON, block, structure
from test_native_styles import SYSTEMS, argon_model, assert_same_tables, model_lines, silicon_model
from thermo import read_dump, read_tables, thermo_output


COMPONENTS = range(1, 7)
VIRIALS = f"""
compute virial all {{compute}} NULL virial
compute sums all reduce sum {" ".join(f"c_virial[{k}]" for k in COMPONENTS)}
compute total all pressure NULL pair
dump virial all custom 1 {{file}} id {" ".join(f"c_virial[{k}]" for k in COMPONENTS)}
dump_modify virial sort id format float %22.15e
""" + thermo_output(" ".join(f"c_total[{k}] c_sums[{k}]" for k in COMPONENTS) + " vol")


@pytest.mark.parametrize("n_ranks, newton", [(1, "on"), (4, "on"), (1, "off"), (2, "off")])
@pytest.mark.parametrize("compute", ["stress/atom", "centroid/stress/atom"])
@pytest.mark.parametrize("system, model", [("argon", argon_model), ("silicon", silicon_model)])
def test_virials_of_atoms(lammps, models, system, model, compute, n_ranks, newton):
    structures, pair, element = SYSTEMS[system]
    script = f"newton {newton}\n" + structures["triclinic"] + "{pair}" + VIRIALS.replace("{compute}", compute) + "run 0\n"
    ours = "\n".join(model_lines(lammps, model(models), element))
    (table,) = read_tables(lammps.run(script.replace("{pair}", ours).replace("{file}", "ours"), n_ranks))
    for k in COMPONENTS:
        np.testing.assert_allclose(-table[f"c_sums[{k}]"] / table["Volume"], table[f"c_total[{k}]"], rtol=1e-9, atol=1e-7)
    if system == "silicon":  # those of three-body terms can be shared out in several ways
        return
    lammps.run(script.replace("newton off", "newton on").replace("{pair}", "\n".join(pair)).replace("{file}", "theirs"), n_ranks)
    (found,) = read_dump(lammps.folder / "ours")
    (reference,) = read_dump(lammps.folder / "theirs")
    np.testing.assert_allclose(found, reference, rtol=1e-10, atol=1e-10 * np.abs(reference[:, 1:]).max())


HEAT_FLUX = """
compute ke all ke/atom
compute pe all pe/atom
compute virial all {compute} NULL virial
compute flux all heat/flux ke pe virial
"""


def test_heat_flux_of_pairs(lammps, models):
    script = structure(ARGON, "p p p", block(4, 4, 4)) + "{pair}" + HEAT_FLUX.format(compute="stress/atom")
    script += "velocity all create 300 87287\nfix nve all nve\n"
    script += thermo_output(" ".join(f"c_flux[{k}]" for k in COMPONENTS)) + "run 5\n"
    ours = "\n".join(model_lines(lammps, argon_model(models), "Ar"))
    pairs = [ours, "\n".join(SYSTEMS["argon"][1])]
    assert_same_tables(*(read_tables(lammps.run(script.replace("{pair}", pair), n_ranks=2)) for pair in pairs), rtol=1e-8)


def test_heat_flux_of_three_body_terms_is_how_energies_move(lammps, models):
    """In a cluster, it is the derivative of the sum of positions times energies of atoms with respect to time."""
    script = structure(SILICON, "s s s", block(2, 2, 2)) + "\n".join(model_lines(lammps, silicon_model(models), "Si"))
    script += HEAT_FLUX.format(compute="centroid/stress/atom") + "velocity all create 900 87287 loop geom\n"
    script += "variable energy atom c_ke+c_pe\n"
    for axis in "xyz":
        script += f"variable m{axis} atom {axis}*v_energy\ncompute m{axis} all reduce sum v_m{axis}\n"
    script += "timestep 0.00002\nfix nve all nve\n"
    script += thermo_output("c_flux[1] c_flux[2] c_flux[3] c_mx c_my c_mz") + "run 4\n"
    (table,) = read_tables(lammps.run(script))
    for k, axis in enumerate("xyz", start=1):
        moment = table[f"c_m{axis}"]
        derivative = (moment[0] - 8 * moment[1] + 8 * moment[3] - moment[4]) / (12 * 0.00002)
        np.testing.assert_allclose(table[f"c_flux[{k}]"][2], derivative, rtol=1e-5)


def test_models_that_read_positions_have_no_virials_of_atoms(lammps, bad_model):
    script = structure(ARGON, "p p p", block(3, 3, 3)) + "\n".join(model_lines(lammps, bad_model("positions"), "Ar"))
    script += VIRIALS.replace("{compute}", "stress/atom").replace("{file}", "none") + "run 0\n"
    text = lammps.run(script, check=False)
    assert "the model reads positions or the cell, not only the vectors of pairs: it has no virials of atoms" in text
