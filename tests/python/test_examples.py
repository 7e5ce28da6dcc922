# SPDX-License-Identifier: BSD-3-Clause
"""What holds for all example models, whatever their formula."""

import example_models as models
import pytest
import torch
from atoms import energies, evaluate, forces, forces_by_differences, make_system, structure

from metatensor.torch import Labels
from metatomic.torch import load_atomistic_model


ARGON = models.perturbed(5.3, models.FCC, [18] * 4, 0.2)
MIXTURE = ARGON._replace(types=[18, 10, 10, 18])
SILICON = models.perturbed(5.43, models.DIAMOND, [14] * 8, 0.2)
CASES = {
    "argon-full": (lambda dtype: models.argon(dtype), ARGON),
    "argon-half": (lambda dtype: models.argon(dtype, full_list=False), ARGON),
    "mixture-full": (lambda dtype: models.mixture(dtype), MIXTURE),
    "mixture-half": (lambda dtype: models.mixture(dtype, full_list=False), MIXTURE),
    "silicon": (lambda dtype: models.silicon(dtype), SILICON),
}
every_case = pytest.mark.parametrize("make_model, atoms", CASES.values(), ids=CASES.keys())


@every_case
def test_forces_are_derivatives_of_the_energy(make_model, atoms):
    model = make_model("float64")
    expected = forces_by_differences(model, atoms)
    assert expected.abs().max() > 1e-3
    torch.testing.assert_close(forces(model, atoms), expected, rtol=1e-6, atol=1e-7)


@every_case
def test_energies_of_atoms_add_up(make_model, atoms):
    model = make_model("float64")
    per_atom = energies(model, atoms, "atom")
    assert per_atom.shape == (len(atoms.types),)
    torch.testing.assert_close(per_atom.sum(), energies(model, atoms), rtol=1e-13, atol=0)


@every_case
def test_selected_atoms(make_model, atoms):
    model = make_model("float64")
    per_atom = energies(model, atoms, "atom")
    selected = [[0, 0], [0, 2], [0, 3]]
    torch.testing.assert_close(energies(model, atoms, "atom", selected), per_atom[[0, 2, 3]])
    torch.testing.assert_close(energies(model, atoms, "system", selected), per_atom[[0, 2, 3]].sum())
    nothing = energies(model, atoms, "system", torch.zeros(0, 2))
    assert nothing == 0.0
    assert energies(model, atoms, "atom", torch.zeros(0, 2)).shape == (0,)


@every_case
def test_order_of_pairs_does_not_matter(make_model, atoms):
    model = make_model("float64")
    request = model.requested_neighbor_lists()[0]
    system = make_system(atoms, [request])
    n_pairs = len(system.get_neighbor_list(request))
    order = torch.randperm(n_pairs, generator=torch.Generator().manual_seed(0))
    shuffled = energies(model, atoms, order=order)
    torch.testing.assert_close(shuffled, energies(model, atoms), rtol=1e-13, atol=0)


@every_case
def test_several_systems(make_model, atoms):
    model = make_model("float64")
    moved = atoms._replace(positions=atoms.positions * 1.01)
    alone = structure(atoms.types[:1], [[0.0, 0.0, 0.0]])
    requests = model.requested_neighbor_lists()
    systems = [make_system(one, requests) for one in [atoms, alone, moved]]

    total = evaluate(model, systems)
    assert total.samples == Labels("system", torch.arange(3).reshape(-1, 1))
    expected = torch.stack([energies(model, one) for one in [atoms, alone, moved]])
    torch.testing.assert_close(total.values[:, 0], expected)
    assert total.values[1, 0] == 0.0

    selected = [[2, 0], [0, 1]]
    per_atom = evaluate(model, systems, "atom", selected)
    assert per_atom.samples == Labels(["system", "atom"], torch.tensor([[0, 1], [2, 0]]))
    expected = [energies(model, atoms, "atom")[1], energies(model, moved, "atom")[0]]
    torch.testing.assert_close(per_atom.values[:, 0], torch.stack(expected))
    total = evaluate(model, systems, "system", selected)
    torch.testing.assert_close(
        total.values[:, 0], torch.stack([expected[0], torch.zeros_like(expected[0]), expected[1]])
    )


@every_case
def test_single_precision(make_model, atoms):
    reference = make_model("float64")
    model = make_model("float32")
    assert energies(model, atoms).dtype == torch.float32
    scale = energies(reference, atoms, "atom").abs().max()
    difference = (energies(model, atoms, "atom").double() - energies(reference, atoms, "atom")).abs().max()
    assert difference < 2e-6 * scale
    scale = forces(reference, atoms).abs().max()
    difference = (forces(model, atoms).double() - forces(reference, atoms)).abs().max()
    assert 0 < difference < 2e-6 * scale


@every_case
def test_saved_model_is_the_same(make_model, atoms, tmp_path):
    model = make_model("float64")
    model.save(tmp_path / "model.pt")
    for other in [
        torch.jit.script(model),
        torch.jit.load(str(tmp_path / "model.pt")),
        load_atomistic_model(tmp_path / "model.pt"),
    ]:
        for _ in range(3):  # TorchScript changes the code after the first runs
            torch.testing.assert_close(energies(other, atoms), energies(model, atoms), rtol=1e-14, atol=0)
            torch.testing.assert_close(forces(other, atoms), forces(model, atoms), rtol=1e-12, atol=1e-13)


@every_case
def test_units_of_the_energy(make_model, atoms):
    model = make_model("float64")
    system = make_system(atoms, model.requested_neighbor_lists())
    in_ev = evaluate(model, [system]).values
    torch.testing.assert_close(evaluate(model, [system], unit="meV").values, 1000 * in_ev)


@every_case
def test_no_other_output(make_model, atoms):
    model = make_model("float64").module
    system = make_system(atoms, model.requested_neighbor_lists())
    assert model([system], {}, None) == {}
