# SPDX-License-Identifier: BSD-3-Clause
"""Input that can not work: LAMMPS stops on all ranks, and says what is wrong."""

import re

import pytest
import torch

from structures import ONLY_BINS, ARGON, block, structure
from thermo import read_tables, thermo_output


ATOMS = structure(ARGON, "p p p", block(2, 2, 2))


ON_RANKS = pytest.mark.parametrize("n_ranks", [1, 2])


def failure(lammps, lines, n_ranks=1, atoms=ATOMS, **options):
    """What LAMMPS prints; it ends on all ranks, or this would not return, and by its own decision."""
    script = atoms + f"plugin load {lammps.plugin}\n" + "\n".join(lines) + "\nrun 2\n"
    output = lammps.run(script, n_ranks, check=False, **options)
    assert "ERROR" in output, output
    assert not re.search(r"signal|terminate called|Segmentation", output), output
    return " ".join(output.split())  # LAMMPS may wrap lines


@ON_RANKS
def test_missing_file(lammps, n_ranks):
    text = failure(lammps, ["pair_style metatensor nowhere.pt"], n_ranks)
    assert "ERROR: pair_style metatensor: there is no model file at 'nowhere.pt' (lammps_plugin/pair_metatensor.cpp:" in text


@ON_RANKS
def test_not_torchscript(lammps, n_ranks):
    (lammps.folder / "text.pt").write_text("this is not a model")
    text = failure(lammps, ["pair_style metatensor text.pt"], n_ranks)
    assert "text.pt" in text and "TorchScript" in text


@ON_RANKS
def test_not_an_atomistic_model(lammps, n_ranks):
    torch.jit.script(torch.nn.Linear(1, 1)).save(str(lammps.folder / "linear.pt"))
    text = failure(lammps, ["pair_style metatensor linear.pt"], n_ranks)
    assert "linear.pt" in text and "atomistic model" in text


@pytest.mark.parametrize(
    "words, message",
    [
        ("", "expected the file of a model after 'pair_style metatensor'"),
        ("{model} colour red", "unknown keyword 'colour', expected one of: device DEVICE, variant NAME, extensions DIRECTORY"),
        ("{model} check_consistency", "keyword 'check_consistency' must be followed by on|off"),
        ("{model} check_consistency maybe", "the value of 'check_consistency' must be on or off, got 'maybe'"),
        ("{model} device toaster", "'toaster' is not a device that torch knows"),
        ("{model} device cuda", "the device 'cuda' is not available on this machine"),
        ("{model} extensions nowhere", "the value of 'extensions' must be a folder, got 'nowhere'"),
    ],
)
@ON_RANKS
def test_pair_style(lammps, models, words, message, n_ranks):
    if "device cuda" in words and torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    text = failure(lammps, [f"pair_style metatensor {words}".format(model=models("lennard_jones"))], n_ranks)
    assert message in text


@pytest.mark.parametrize(
    "words, message",
    [
        ("* *", "expected an element, a type of the model or NULL for each of the 1 atom types after '* *', got 0"),
        ("* * Ar Ar", "for each of the 1 atom types after '* *', got 2"),
        ("1 1 Ar", "must start with * * for pair style metatensor"),
        ("* * Foo", "'Foo' is neither the symbol of an element, an integer type of the model, nor NULL"),
        ("* * Kr", "the model does not know Kr (type 36) of atom type 1, it knows the types: 18"),
        ("* * 77", "the model does not know type 77 of atom type 1, it knows the types: 18"),
        ("* * NULL", "All pair coeffs are not set"),
    ],
)
@ON_RANKS
def test_pair_coeff(lammps, models, words, message, n_ranks):
    text = failure(lammps, [f"pair_style metatensor {models('lennard_jones')}", f"pair_coeff {words}"], n_ranks)
    assert message in text


@pytest.mark.parametrize("units", ["lj", "cgs", "micro", "nano"])
@ON_RANKS
def test_units(lammps, models, units, n_ranks):
    atoms = f"units {units}\nregion box block 0 1 0 1 0 1\ncreate_box 1 box\n"
    text = failure(lammps, [f"pair_style metatensor {models('lennard_jones')}"], n_ranks, atoms=atoms)
    assert f"units '{units}' are not supported, expected one of: metal, real, si, electron" in text


@pytest.mark.parametrize(
    "kind, message",
    [
        ("throws", "this model throws on purpose"),
        ("nan", "the energy that the model returned is not a finite number"),
        ("nan_forces", "the derivatives of the energy that the model returned are not finite numbers"),
        ("no_gradient", "can not be differentiated"),
        ("missing", "the model did not return 'energy'"),
        ("sample_name", "output 'energy' must have the samples [system], got [structure]"),
        ("sample_value", "output 'energy' must have the sample system=0, got system=3"),
        ("two_blocks", "output 'energy' must have one block, got 2"),
        ("too_many_samples", "output 'energy' must have the shape [1, 1], got [2, 1]"),
        ("too_many_properties", "output 'energy' must have the shape [1, 1], got [1, 2]"),
        ("needs_charges", "the model needs the input 'charge'"),
        ("no_energy", "there is no output 'energy'"),
        ("only_cuda", "none of the devices of the model is available on this machine: the model supports [cuda]"),
    ],
)
@ON_RANKS
def test_bad_model(lammps, bad_model, kind, message, n_ranks):
    if kind == "only_cuda" and torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    text = failure(lammps, [f"pair_style metatensor {bad_model(kind)}", "pair_coeff * * Ar"], n_ranks)
    assert message in text


@pytest.mark.parametrize("place", ["low", "high"])
def test_error_on_one_rank(lammps, bad_model, place):
    """The text is shown also when only some rank knows it, and not the first."""
    lines = [f"pair_style metatensor {bad_model(f'throws_in_{place}_places')}", "pair_coeff * * Ar"]
    atoms = ATOMS.replace("atom_style atomic", "atom_style atomic\nprocessors 1 1 2")
    assert f"this model throws in {place} places" in failure(lammps, lines, n_ranks=2, atoms=atoms)


def test_infinite_range_needs_one_rank(lammps, bad_model):
    lines = [f"pair_style metatensor {bad_model('infinite_range')}", "pair_coeff * * Ar"]
    assert "infinite interaction range and can run on one MPI rank only, got 2" in failure(lammps, lines, 2)
    lammps.run(ATOMS + f"plugin load {lammps.plugin}\n" + "\n".join(lines) + "\nrun 2\n")


def test_energies_of_atoms_that_the_model_does_not_give(lammps, bad_model):
    lines = [f"pair_style metatensor {bad_model('fine')}", "pair_coeff * * Ar", "compute pe all pe/atom"]
    lines.append("dump pe all custom 1 pe.dump id c_pe")
    assert "does not give the energies of atoms" in failure(lammps, lines)


def test_atoms_without_ids(lammps, models):
    atoms = ATOMS.replace("atom_style atomic", "atom_style atomic\natom_modify id no")
    lines = [f"pair_style metatensor {models('lennard_jones')}", "pair_coeff * * Ar"]
    assert "needs atom IDs" in failure(lammps, lines, atoms=atoms)


@pytest.mark.skipif(ONLY_BINS, reason="the LAMMPS of scripts/lammps_kokkos.sh has no bonds")
def test_bonded_atoms_need_all_pairs(lammps, models):
    atoms = ATOMS.replace("atom_style atomic", "atom_style full")
    lines = [f"pair_style metatensor {models('lennard_jones')}", "pair_coeff * * Ar"]
    script = f"plugin load {lammps.plugin}\n" + "\n".join(lines) + thermo_output() + "run 0\n"
    expected = read_tables(lammps.run(atoms + script))  # no bonds: nothing is left out

    atoms = atoms.replace("create_box 1 box", "create_box 1 box bond/types 1 extra/bond/per/atom 2 extra/special/per/atom 12")
    atoms += "bond_style zero\nbond_coeff *\ncreate_bonds single/bond 1 1 2\n"
    text = failure(lammps, lines, atoms=atoms)
    assert "leaves out 1-2 neighbors, whose factors are 0: use 'special_bonds lj/coul 1.0 1.0 1.0'" in text
    for factors in ["1.0 1.0 1.0", "0.5 0.0 0.0", "1e-20 0 0"]:
        tables = read_tables(lammps.run(atoms + f"special_bonds lj/coul {factors}\n" + script))
        assert tables[0]["PotEng"][0] == pytest.approx(expected[0]["PotEng"][0], rel=1e-13)


def test_units_that_change_behind_the_style(lammps, models):
    lines = [f"pair_style metatensor {models('lennard_jones')}", "units real", ATOMS.replace("units metal", ""), "pair_coeff * * Ar"]
    text = failure(lammps, lines, atoms="units metal\n")
    assert "the units were 'metal' when pair_style metatensor loaded its model, and are 'real' now" in text


def test_energies_of_which_one_must_be_chosen(lammps, models):
    model = models("../../tests/lammps/isolated_atoms", "--energies", "0.0", "-5.0")
    text = failure(lammps, [f"pair_style metatensor {model}"])
    assert "energy/0" in text and "one of which must be asked for" in text
    text = failure(lammps, [f"pair_style metatensor {model} variant 2"])
    assert "there is no variant '2' of the output 'energy', only - 'energy/0': energy/0 - 'energy/1'" in text


def test_pairs_that_others_leave_out(lammps, models):
    lines = [f"pair_style metatensor {models('lennard_jones')}", "pair_coeff * * Ar"]
    atoms = ATOMS.replace("atom_style atomic", "atom_style atomic\natom_modify first some") + "group some id 1:9\n"
    text = failure(lammps, [*lines, "neigh_modify include some"], atoms=atoms)
    assert "can not be used with 'neigh_modify include'" in text
    script = ATOMS + f"plugin load {lammps.plugin}\n" + "\n".join(lines)
    output = lammps.run(script + "\nneigh_modify exclude type 1 1\nrun 0\n")
    assert "WARNING: pair_style metatensor does not see the pairs that 'neigh_modify exclude' leaves out" in output
    assert "does not see the pairs" not in lammps.run(script + "\nneigh_modify exclude group all all\nrun 0\n")


def test_message_passing_needs_one_ghost_cutoff(lammps, models):
    lines = [f"pair_style metatensor {models('../../tests/lammps/message_passing')}", "pair_coeff * * Ar"]
    text = failure(lammps, [*lines, "neighbor 1.0 multi", "comm_modify mode multi"], n_ranks=2)
    assert "passes messages between atoms and needs 'comm_modify mode single' on several MPI ranks" in text
