# SPDX-License-Identifier: BSD-3-Clause
"""The ASE calculator against ASE's own potentials, against differences of energies and against the existing packages.

METATENSOR_ASE_PACKAGES is a folder with ASE, if that is not installed.
"""

import json
import os
import subprocess
import sys
from typing import Dict, List, Optional

import example_models as models
import numpy as np
import pytest
import torch

import metatensor.torch
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import (
    AtomisticModel,
    ModelCapabilities,
    ModelMetadata,
    ModelOutput,
    NeighborListOptions,
    System,
    systems_to_torch,
)
from conftest import ROOT


sys.path.append(os.environ.get("METATENSOR_ASE_PACKAGES", ""))  # at the end: only for what is not there otherwise
ase = pytest.importorskip("ase")
import ase.units  # noqa: E402
from ase.build import bulk, molecule  # noqa: E402
from ase.calculators.calculator import InputError, PropertyNotImplementedError  # noqa: E402
from ase.calculators.lj import LennardJones  # noqa: E402
from ase.md.verlet import VelocityVerlet  # noqa: E402

from metatomic.torch import _ase_neighbors  # noqa: E402
from metatomic.torch.ase_calculator import MetatomicCalculator  # noqa: E402


SAVED = ROOT / "tests" / "atomistic" / "saved_models" / "metatomic-torch-0.1.19"
ORACLE = os.environ.get("METATENSOR_ORACLE_PYTHON", "")


def rattled(atoms, amplitude=0.1, seed=3):
    atoms.rattle(amplitude, seed=seed)
    return atoms


def crystal(repeat=2):
    return rattled(bulk("Ar", "fcc", a=5.4, cubic=True).repeat(repeat))


def argon_of_ase():
    """The same potential as models.argon(), but for a constant energy of each pair."""
    parameters = {"sigma": 3.405, "epsilon": 0.0103, "rc": 8.5}
    return LennardJones(**parameters, smooth=False), 4 * 0.0103 * ((3.405 / 8.5) ** 12 - (3.405 / 8.5) ** 6)


@pytest.mark.parametrize("full_list", [True, False])
@pytest.mark.parametrize("pbc", [(True, True, True), (True, False, True), (False, False, False)])
def test_lennard_jones_of_ase(full_list, pbc):
    atoms = crystal()
    atoms.pbc = pbc
    atoms.calc, shift = argon_of_ase()
    expected = {"energy": atoms.get_potential_energy(), "forces": atoms.get_forces()}
    n_pairs = len(_ase_neighbors.find_pairs(atoms, 8.5, full_list=False))
    expected["energies"] = atoms.get_potential_energies()
    n_neighbors = np.bincount(_ase_neighbors.find_pairs(atoms, 8.5, full_list=True)[:, 0], minlength=len(atoms))
    if all(pbc):
        expected["stress"] = atoms.get_stress()

    atoms.calc = MetatomicCalculator(models.argon(full_list=full_list), check_consistency=True)
    assert atoms.get_potential_energy() == pytest.approx(expected["energy"] + shift * n_pairs, rel=1e-12)
    np.testing.assert_allclose(atoms.get_forces(), expected["forces"], rtol=1e-9, atol=1e-12)
    assert atoms.get_potential_energy(force_consistent=True) == atoms.get_potential_energy()
    energies = expected["energies"] + 0.5 * shift * n_neighbors
    np.testing.assert_allclose(atoms.get_potential_energies(), energies, rtol=1e-10)
    if all(pbc):
        np.testing.assert_allclose(atoms.get_stress(), expected["stress"], rtol=1e-9, atol=1e-13)
    else:
        with pytest.raises(PropertyNotImplementedError, match="periodic in three dimensions"):
            atoms.get_stress()


def test_forces_and_stress_are_derivatives_of_the_energy():
    atoms = rattled(bulk("Si", "diamond", a=5.43, cubic=True))
    atoms.set_cell(atoms.cell[:] @ (np.eye(3) + 0.02 * np.arange(9).reshape(3, 3) / 9), scale_atoms=True)
    atoms.calc = MetatomicCalculator(models.silicon())
    forces, stress = atoms.get_forces(), atoms.get_stress(voigt=False)

    def energy_of(change):
        moved = atoms.copy()
        change(moved)
        moved.calc = atoms.calc
        return moved.get_potential_energy()

    def strained(i, j, step):
        strain = np.eye(3)
        strain[i, j] += step
        return lambda moved: moved.set_cell(moved.cell[:] @ strain, scale_atoms=True)

    def moved(atom, axis, step):
        return lambda moved: moved.positions.__setitem__((atom, axis), moved.positions[atom, axis] + step)

    step = 1e-5
    for atom, axis in [(0, 0), (3, 1), (7, 2)]:
        difference = (energy_of(moved(atom, axis, step)) - energy_of(moved(atom, axis, -step))) / (2 * step)
        assert forces[atom, axis] == pytest.approx(-difference, rel=1e-6, abs=1e-8)
    for i, j in [(0, 0), (1, 1), (0, 1), (2, 1)]:
        difference = (energy_of(strained(i, j, step)) - energy_of(strained(i, j, -step))) / (2 * step)
        assert stress[i, j] == pytest.approx(difference / atoms.get_volume(), rel=1e-6, abs=1e-9)


def test_search_of_ase_is_that_of_vesin(monkeypatch):
    pytest.importorskip("vesin")
    tilted = np.array([[4.0, 0.0, 0.0], [1.0, 5.0, 0.0], [0.5, -1.0, 6.0]])
    atoms = ase.Atoms("Ar5", np.random.default_rng(2).normal(size=(5, 3)) * 3, cell=tilted)
    for pbc in [(True, True, True), (False, True, False), (False, False, False)]:
        atoms.pbc = pbc
        for full_list in [True, False]:
            found = {}
            for name in ["vesin", "ase"]:
                with monkeypatch.context() as patch:
                    if name == "ase":
                        patch.setattr(_ase_neighbors, "vesin", None)
                    rows = _ase_neighbors.find_pairs(atoms, 5.5, full_list)
                if not full_list:  # either of a pair and its opposite may be there
                    opposite = np.column_stack([rows[:, 1], rows[:, 0], -rows[:, 2:]])
                    rows = [max(tuple(row), tuple(other)) for row, other in zip(rows.tolist(), opposite.tolist())]
                found[name] = sorted(map(tuple, np.asarray(rows).tolist()))
            assert len(found["ase"]) > 3
            assert found["vesin"] == found["ase"]
            assert len(set(found["ase"])) == len(found["ase"])


def test_neighbors_are_searched_when_atoms_have_gone_far(monkeypatch):
    searches = []
    search = _ase_neighbors.find_pairs
    monkeypatch.setattr(_ase_neighbors, "find_pairs", lambda *arguments: searches.append(1) or search(*arguments))
    trajectories = []
    for skin in [2.0, 0.0]:
        searches.clear()
        atoms = crystal()
        atoms.set_velocities(np.random.default_rng(0).normal(size=(len(atoms), 3)) * 0.05)
        atoms.calc = MetatomicCalculator(models.argon(), neighbor_skin=skin, check_consistency=True)
        VelocityVerlet(atoms, timestep=4 * ase.units.fs).run(60)
        trajectories.append(atoms.positions.copy())
        n_searches = len(searches)
        assert n_searches == 61 if skin == 0 else 1 < n_searches < 20
        atoms.set_cell(atoms.cell[:] * 1.01, scale_atoms=False)
        atoms.get_potential_energy()
        assert len(searches) == n_searches + 1
    np.testing.assert_allclose(*trajectories, rtol=0, atol=1e-9)


def test_several_structures():
    all_atoms = [crystal(1), crystal(2), rattled(bulk("Ar", "fcc", a=5.0))]
    calculator = MetatomicCalculator(models.argon())
    together = calculator.compute_energy(all_atoms, compute_forces_and_stresses=True, per_atom=True)
    for index, atoms in enumerate(all_atoms):
        alone = calculator.compute_energy(atoms, compute_forces_and_stresses=True, per_atom=True)
        assert set(alone) == {"energy", "energies", "forces", "stress"}
        assert alone["stress"].shape == (3, 3)
        assert alone["energies"].sum() == pytest.approx(alone["energy"])
        for name, value in alone.items():
            np.testing.assert_allclose(together[name][index], value, rtol=1e-10, atol=1e-13)
    all_atoms[0].pbc = False
    assert "stress" not in calculator.compute_energy(all_atoms, compute_forces_and_stresses=True)


def test_selected_atoms_and_additional_outputs():
    atoms = crystal()
    per_atom = {"energy": ModelOutput(unit="meV", sample_kind="atom")}
    calculator = MetatomicCalculator(models.argon(), additional_outputs=per_atom)
    atoms.calc = calculator
    energies = atoms.get_potential_energies()
    stored = calculator.additional_outputs["energy"].block()
    np.testing.assert_allclose(stored.values[:, 0].detach().numpy(), 1000 * energies)
    selected = Labels(["system", "atom"], torch.tensor([[0, 3], [0, 7]]))
    block = calculator.run_model(atoms, per_atom, selected)["energy"].block()
    assert block.samples == selected
    np.testing.assert_allclose(block.values[:, 0].numpy(), 1000 * energies[[3, 7]])


def test_outputs_that_are_no_derivatives():
    atoms = molecule("H2O")
    atoms.set_cell([6.0, 6.0, 6.0])
    atoms.pbc = True
    path = SAVED / "many-outputs.pt"
    expected = atoms.positions * [0.5, -1.0, 0.25]  # what the model computes
    expected -= expected.mean(axis=0)
    results = {}
    for choice in [True, False, "forces", "stress"]:
        atoms.calc = MetatomicCalculator(path, non_conservative=choice, device="cpu")
        results[choice] = (atoms.get_forces(), atoms.get_stress())
    np.testing.assert_allclose(results[True][0], expected, atol=1e-14)
    np.testing.assert_allclose(results[True][1], atoms.get_potential_energy() * np.array([1, 1, 1, 0, 0, 0]))
    for choice, source in [("forces", (True, False)), ("stress", (False, True))]:
        for result, from_outputs, index in zip(results[choice], source, range(2)):
            np.testing.assert_array_equal(result, results[from_outputs][index])
    assert not np.allclose(results[True][0], results[False][0])


class Inputs(torch.nn.Module):
    """The energy is a sum of all that the engine gave."""

    def __init__(self, requests: Dict[str, ModelOutput]):
        super().__init__()
        self.requests = requests

    def requested_inputs(self) -> Dict[str, ModelOutput]:
        return self.requests

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        return []

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        energies: List[torch.Tensor] = []
        for system in systems:
            energy = torch.zeros(1, dtype=system.positions.dtype)
            for name in self.requests.keys():
                energy = energy + system.get_data(name).block().values.sum()
            energies.append(energy)
        block = TensorBlock(
            torch.stack(energies),
            Labels("system", torch.arange(len(systems)).reshape(-1, 1)),
            [],
            Labels("energy", torch.tensor([[0]])),
        )
        return {name: TensorMap(Labels("_", torch.tensor([[0]])), [block]) for name in outputs}


def model_of(module, outputs=None, **changes):
    capabilities = ModelCapabilities(
        outputs=outputs or {"energy": ModelOutput(unit="eV")},
        atomic_types=[1, 8, 18],
        interaction_range=1.0,
        length_unit="angstrom",
        supported_devices=["cpu"],
        dtype="float64",
        **changes,
    )
    return AtomisticModel(module.eval(), ModelMetadata(), capabilities)


@pytest.mark.parametrize(
    "name, kind, unit, expected",
    [
        ("mass", "atom", "u", 2 * 1.008 + 15.999),
        ("mass", "atom", "kg", (2 * 1.008 + 15.999) * 1.66053906892e-27),
        ("momentum", "atom", "u*A/fs", 0.5 * (3 * ase.units.fs)),
        ("velocity", "atom", "A/fs", (0.25 / 15.999 + 0.25 / 1.008) * ase.units.fs),
        ("charge", "atom", "e", 0.75),
        ("charge", "system", "e", -1.0),
        ("spin_multiplicity", "system", "", 3.0),
        ("ase::tags", "atom", "", 6.0),
        ("ase::initial_magmoms", "atom", "", 1.5),
        ("ase::arrays::mine", "atom", "", 36.0),
        ("ase::info::number", "system", "", 42.0),
    ],
)
def test_inputs_of_models(name, kind, unit, expected):
    atoms = molecule("H2O")
    atoms.set_initial_charges([0.5, 0.25, 0.0])
    atoms.set_initial_magnetic_moments([0.5, 1.0, 0.0])
    atoms.set_tags([1, 2, 3])
    atoms.info.update({"charge": -1, "spin": 3, "number": 42})
    atoms.set_array("mine", np.arange(9.0).reshape(3, 3))
    if name == "velocity":
        atoms.set_momenta([[0.25, 0.0, 0.0], [0.0, 0.25, 0.0], [0.0, 0.0, 0.0]])
    elif name == "momentum":
        atoms.set_momenta([[0.5, 0.0, 0.0], [0.0, 0.5, 0.0], [0.5, 0.0, 0.0]])
        expected = 1.5 * ase.units.fs
    requests = {name: ModelOutput(unit=unit, sample_kind=kind)}
    calculator = MetatomicCalculator(model_of(Inputs(requests)), check_consistency=True)
    energies = calculator.compute_energy([atoms, atoms])["energy"]
    assert energies == pytest.approx([expected, expected], rel=1e-6)


def test_inputs_that_are_not_there():
    atoms = molecule("H2O")
    calculator = MetatomicCalculator(model_of(Inputs({"ase::info::nothing": ModelOutput()})))
    with pytest.raises(ValueError, match="the model requests `atoms.info\\['nothing'\\]`"):
        calculator.compute_energy(atoms)
    calculator = MetatomicCalculator(model_of(Inputs({"mine::thing": ModelOutput()})))
    with pytest.raises(NotImplementedError, match="'mine::thing' per system, which can not be had from ase.Atoms"):
        calculator.compute_energy(atoms)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_forces_and_stress_in_modes_without_gradients(mode, tmp_path):
    atoms = crystal()
    argon = models.argon()
    atoms.calc = MetatomicCalculator(argon)
    expected = [atoms.get_potential_energy(), atoms.get_forces(), atoms.get_stress()]
    assert np.abs(expected[1]).max() > 0.01
    path = str(tmp_path / "argon.pt")
    argon.save(path)
    with mode():
        for model in [argon, path]:
            atoms.calc = MetatomicCalculator(model)
            found = [atoms.get_potential_energy(), atoms.get_forces(), atoms.get_stress()]
            for actual, wanted in zip(found, expected, strict=True):
                np.testing.assert_allclose(actual, wanted, rtol=1e-12, atol=1e-12)
        assert not torch.is_grad_enabled()


def test_energies_that_depend_on_nothing_have_no_forces():
    atoms = molecule("H2O")
    atoms.calc = MetatomicCalculator(model_of(Inputs({})))
    assert atoms.get_potential_energy() == 0.0
    assert np.array_equal(atoms.get_forces(), np.zeros((3, 3)))
    with pytest.raises(PropertyNotImplementedError, match="energies property not implemented"):
        atoms.get_potential_energies()


class Opaque(Inputs):
    """With an operator of an extension whose derivatives are not there."""

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        energies = torch.stack([torch.ops.test_ase.opaque(system.positions).sum().reshape(1) for system in systems])
        samples = Labels("system", torch.arange(len(systems)).reshape(-1, 1))
        block = TensorBlock(energies, samples, [], Labels("energy", torch.tensor([[0]])))
        return {"energy": TensorMap(Labels("_", torch.tensor([[0]])), [block])}


def test_operators_without_derivatives():
    library = torch.library.Library("test_ase", "DEF")
    library.define("opaque(Tensor x) -> Tensor")
    library.impl("opaque", lambda x: x.detach().square(), "CPU")
    atoms = molecule("H2O")
    atoms.calc = MetatomicCalculator(model_of(Opaque({})))
    with pytest.raises(NotImplementedError, match="'test_ase::opaque' of the model has no derivative in this process"):
        atoms.get_forces()
    energy = atoms.calc.compute_energy(atoms)["energy"]
    assert energy == pytest.approx(np.sum(atoms.positions**2))


def test_variants():
    outputs = {f"energy/{name}": ModelOutput(unit="eV", description=name) for name in ["PBE", "r2scan"]}
    model = model_of(Inputs({}), outputs)
    with pytest.raises(ValueError, match="only variants"):
        MetatomicCalculator(model)
    atoms = molecule("H2O")
    atoms.calc = MetatomicCalculator(model, variants={"energy": "PBE"})
    assert atoms.get_potential_energy() == 0.0
    with pytest.raises(ValueError, match="no variant 'B3LYP'"):
        MetatomicCalculator(model, variants={"energy": "B3LYP"})
    with pytest.raises(ValueError, match="there can be variants of energy"):
        MetatomicCalculator(model, variants={"dipole": "PBE"})


class Uncertain(Inputs):
    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        rows = torch.tensor([[0, atom] for atom in range(len(systems[0]))])
        values = 0.05 * systems[0].types.to(torch.float64).reshape(-1, 1)
        results: Dict[str, TensorMap] = {}
        for name, output in outputs.items():
            samples = Labels(["system", "atom"], rows)
            block = TensorBlock(values, samples, [], Labels("energy", torch.tensor([[0]])))
            results[name] = TensorMap(Labels("_", torch.tensor([[0]])), [block])
            if output.sample_kind == "system":
                results[name] = metatensor.torch.sum_over_samples(results[name], ["atom"])
        return results


def test_uncertain_atoms_are_warned_of():
    outputs = {name: ModelOutput(unit="eV", sample_kind="atom") for name in ["energy", "energy_uncertainty"]}
    model = model_of(Uncertain({}), outputs)
    atoms = molecule("H2O")
    for threshold, is_warned in [(0.1, True), (0.5, False), (None, False)]:
        atoms.calc = MetatomicCalculator(model, uncertainty_threshold=threshold)
        with pytest.warns() if is_warned else _no_warning() as caught:
            assert atoms.get_potential_energy() == pytest.approx(0.5)
        if is_warned:
            assert "for the atoms [0], at most 0.400 eV" in str(caught[0].message)


def _no_warning():
    import warnings

    context = warnings.catch_warnings()
    warnings.simplefilter("error")
    return context


def test_as_dictionary():
    atoms = molecule("H2O")
    first = MetatomicCalculator(SAVED / "springs.pt", neighbor_skin=1.0, do_gradients_with_energy=False)
    second = MetatomicCalculator.fromdict(json.loads(json.dumps(first.todict())))
    assert second.todict() == first.todict()
    assert second.metadata().name == "springs"
    for calculator in [first, second]:
        atoms.calc = calculator
        atoms.get_potential_energy()
        assert set(calculator.results) == {"energy", "free_energy"}
    with pytest.raises(RuntimeError, match="given as a file"):
        MetatomicCalculator(models.argon()).todict()


def test_wrong_arguments():
    with pytest.raises(InputError, match="there is no model file at 'nowhere.pt'"):
        MetatomicCalculator("nowhere.pt")
    with pytest.raises(TypeError, match="must be the path of a saved model or an AtomisticModel, got Linear"):
        MetatomicCalculator(torch.nn.Linear(1, 1))
    with pytest.raises(ValueError, match="'forces' or 'stress', got 'all'"):
        MetatomicCalculator(models.argon(), non_conservative="all")
    with pytest.raises(ValueError, match="no output 'non_conservative_force'"):
        MetatomicCalculator(models.argon(), non_conservative=True)
    with pytest.raises(ValueError, match="the model has no output 'mine::x'"):
        MetatomicCalculator(models.argon(), additional_outputs={"mine::x": ModelOutput()})
    with pytest.raises(TypeError, match="`additional_outputs` must be a dict of ModelOutput by name, got list"):
        MetatomicCalculator(models.argon(), additional_outputs=["energy"])
    for skin in [-1.0, float("nan"), float("inf")]:  # of which the first would leave pairs out
        with pytest.raises(ValueError, match=f"`neighbor_skin` must be 0 or more, and finite, got {skin}"):
            MetatomicCalculator(models.argon(), neighbor_skin=skin)
    calculator = MetatomicCalculator(models.argon())
    with pytest.raises(ValueError, match=r"the model has no output 'mine::x', it has \['energy'\]"):
        calculator.run_model(argon_of_ase(), {"mine::x": ModelOutput()})
    with pytest.raises(TypeError, match="`outputs` must be a dict of ModelOutput by name, got str as 'energy'"):
        calculator.run_model(argon_of_ase(), {"energy": "eV"})
    with pytest.raises(TypeError, match="Linear has no numbers and no positions"):
        systems_to_torch(torch.nn.Linear(1, 1))


def test_systems_to_torch():
    atoms = molecule("H2O")
    atoms.set_cell([1.0, 2.0, 3.0])
    atoms.pbc = [True, False, True]
    system = systems_to_torch(atoms, torch.float64, positions_requires_grad=True)
    assert system.types.tolist() == [8, 1, 1]
    assert torch.equal(system.positions.detach(), torch.tensor(atoms.positions))
    assert torch.equal(system.cell, torch.diag(torch.tensor([1.0, 0.0, 3.0], dtype=torch.float64)))
    assert system.positions.requires_grad and not system.cell.requires_grad
    systems = systems_to_torch([atoms, atoms], cell_requires_grad=True)
    assert [each.positions.dtype for each in systems] == [torch.float32, torch.float32]
    assert systems[1].cell.requires_grad


RUN = """
import json, os, sys
sys.path.append(os.environ["METATENSOR_ASE_PACKAGES"])
from ase.build import bulk, molecule
if sys.argv[1] == "ours":
    from metatomic.torch.ase_calculator import MetatomicCalculator
else:
    from metatomic_ase import MetatomicCalculator
results = []
for name in ["springs", "springs-float32", "many-outputs", "by-type"]:
    for options in [{}, {"neighbor_skin": 0.0}, {"non_conservative": True}]:
        if options.get("non_conservative") and name != "many-outputs":
            continue
        calculator = MetatomicCalculator(f"{sys.argv[2]}/{name}.pt", check_consistency=True, **options)
        water = molecule("H2O", vacuum=1.5)
        salt = bulk("HO", "rocksalt", a=3.2, cubic=True)
        salt.rattle(0.1, seed=1)
        for atoms, pbc in [(water, False), (water, True), (salt, True)]:
            atoms.pbc = pbc
            atoms.calc = calculator
            results.append([float(atoms.get_potential_energy()), atoms.get_forces().tolist()])
            if pbc:
                results.append(atoms.get_stress().tolist())
            if name.startswith("springs"):
                results.append(atoms.get_potential_energies().tolist())
                results.append({key: value if key == "energy" else value.tolist() for key, value
                    in calculator.compute_energy(atoms, True, per_atom=True).items()})
print(json.dumps(results))
"""


def flat(value):
    if isinstance(value, dict):
        return [number for key in sorted(value) for number in flat(value[key])]
    return [number for each in value for number in flat(each)] if isinstance(value, list) else [value]


@pytest.mark.skipif(ORACLE == "", reason="METATENSOR_ORACLE_PYTHON is not set")
def test_same_as_the_existing_calculator():
    found = {}
    for which, python in [("ours", sys.executable), ("theirs", ORACLE)]:
        environment = {key: value for key, value in os.environ.items() if which == "ours" or key != "PYTHONPATH"}
        command = [python, "-W", "ignore", "-c", RUN, which, str(SAVED)]
        result = subprocess.run(command, capture_output=True, text=True, env=environment)
        assert result.returncode == 0, result.stderr
        found[which] = np.array(flat(json.loads(result.stdout)))
    assert len(found["ours"]) > 800
    np.testing.assert_allclose(found["ours"], found["theirs"], rtol=1e-5, atol=2e-6)  # float32 is among them
