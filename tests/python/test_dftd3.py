# SPDX-License-Identifier: BSD-3-Clause
"""Dispersion corrections: by hand, by finite differences, and as metatomic-torch gives them."""

import itertools
import os
import subprocess
import warnings
from typing import Dict, List, Optional

import pytest
import torch
from atoms import make_system, structure
from conftest import ROOT
from dispersion import ALL_DAMPING, CASES, DAMPING, MOLECULE, OTHER_DAMPING, SILICON, TYPES, corrected, evaluate
from zero_model import OUTPUTS, Zero, zero_model

from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import (
    AtomisticModel,
    ModelCapabilities,
    ModelEvaluationOptions,
    ModelMetadata,
    ModelOutput,
    System,
    load_atomistic_model,
    unit_conversion_factor,
)
from metatomic.torch.dftd3 import DFTD3, published_tables


BOHR = unit_conversion_factor("Bohr", "A")
HARTREE = unit_conversion_factor("Hartree", "eV")
SHORT = {"cutoff": 6.0, "cn_cutoff": 5.0}


def two_reference_systems():
    """Hydrogen with a reference system without neighbors and one with one; radii so small that nothing is a neighbor."""
    return {
        "rcov": torch.tensor([0.0, 1e-3]),
        "r4r2": torch.tensor([0.0, 2.0]),
        "cn_ref": torch.tensor([[-1.0, -1.0], [0.0, 1.0]]),
        "c6": torch.tensor([[[[0.0, 0.0], [0.0, 0.0]]] * 2, [[[0.0, 0.0], [0.0, 0.0]], [[6.0, 5.0], [5.0, 0.0]]]]),
    }


def test_two_atoms_by_hand():
    model = corrected([1], {"energy": OTHER_DAMPING}, d3_params=two_reference_systems())
    atoms = structure([1, 1], [[0.0, 0.0, 0.0], [0.0, 0.0, 3.0 * BOHR]])
    # without neighbors, weights are 1 and exp(-4); there is no coefficient for two atoms with one
    weight = torch.exp(torch.tensor(-4.0, dtype=torch.float64))
    c6 = (6 + 2 * 5 * weight) / (1 + 2 * weight)
    c8 = c6 * 3 * 2 * 2
    damping = 0.5 * (3 * 2 * 2) ** 0.5 + 4.0
    expected = -0.9 * c6 / (3.0**6 + damping**6) - 0.8 * c8 / (3.0**8 + damping**8)
    energies = evaluate(model, atoms)["energy"]
    torch.testing.assert_close(energies, (expected * HARTREE / 2).expand(2), rtol=1e-7, atol=0)


def test_neighbors_are_counted():
    """At the sum of both radii, an atom counts as half a neighbor."""
    tables = two_reference_systems()
    tables["rcov"][1] = 1.5
    tables["c6"][1, 1] = torch.tensor([[6.0, 6.0], [6.0, 9.0]])
    model = corrected([1], {"energy": OTHER_DAMPING}, d3_params=tables)
    atoms = structure([1, 1], [[0.0, 0.0, 0.0], [0.0, 0.0, 3.0 * BOHR]])
    c6 = (3 * 6.0 + 9.0) / 4  # both reference systems have the same weights
    damping = 0.5 * 12**0.5 + 4.0
    expected = -0.9 * c6 / (3.0**6 + damping**6) - 0.8 * 12 * c6 / (3.0**8 + damping**8)
    energies = evaluate(model, atoms)["energy"]
    torch.testing.assert_close(energies.sum().item(), expected * HARTREE, rtol=1e-7, atol=0)


@pytest.mark.parametrize("is_saved", [False, True])
@pytest.mark.parametrize("atoms, types", [(MOLECULE, TYPES), (SILICON, [14])], ids=["molecule", "silicon"])
def test_forces(atoms, types, is_saved, tmp_path):
    """By autograd, without it, and by differences of energies."""
    model = corrected(types, {**ALL_DAMPING, "energy/system": DAMPING}, **SHORT)
    if is_saved:
        model.save(tmp_path / "dispersion.pt")
        model = load_atomistic_model(tmp_path / "dispersion.pt")
    results = evaluate(model, atoms)
    torch.testing.assert_close(results["forces"], results["non_conservative_force"], rtol=1e-10, atol=1e-13)
    step = 1e-4
    for atom, axis in [(0, 0), (2, 1), (5, 2)]:
        ends = []
        for sign in [1, -1]:
            positions = atoms.positions.clone()
            positions[atom, axis] += sign * step
            ends.append(evaluate(model, atoms._replace(positions=positions))["energy"].sum())
        difference = (ends[1] - ends[0]) / (2 * step)
        torch.testing.assert_close(results["forces"][atom, axis], difference, rtol=1e-5, atol=1e-8)


def test_stress():
    """Derivatives of the energy with respect to a strain of positions and cell, per volume."""
    model = corrected([14], **SHORT)
    stress = evaluate(model, SILICON)["non_conservative_stress"][0]
    torch.testing.assert_close(stress, stress.T, rtol=1e-12, atol=1e-15)
    step = 1e-5
    for i, j in itertools.product(range(3), repeat=2):
        ends = []
        for sign in [1, -1]:
            strain = torch.eye(3, dtype=torch.float64)
            strain[i, j] += sign * step
            atoms = SILICON._replace(positions=SILICON.positions @ strain, cell=SILICON.cell @ strain)
            ends.append(evaluate(model, atoms)["energy"].sum())
        difference = (ends[0] - ends[1]) / (2 * step) / torch.linalg.det(SILICON.cell)
        torch.testing.assert_close(stress[i, j], difference, rtol=1e-5, atol=1e-7)
    assert not evaluate(corrected(TYPES), MOLECULE)["non_conservative_stress"].any()


def test_parts_add_up():
    model = corrected([14], {**ALL_DAMPING, "energy/system": DAMPING}, **SHORT)
    everything = evaluate(model, SILICON)
    parts = [evaluate(model, SILICON, selected) for selected in [[2, 5], [0, 1, 3, 4, 6, 7]]]
    for name in ["energy/system", "non_conservative_stress"]:
        torch.testing.assert_close(sum(part[name] for part in parts), everything[name], rtol=1e-12, atol=1e-15)
    for name in ["energy", "non_conservative_force"]:
        torch.testing.assert_close(parts[0][name], everything[name][[2, 5]], rtol=1e-13, atol=1e-16)
    in_kj = everything["energy"].sum() * unit_conversion_factor("eV", "kJ/mol")
    torch.testing.assert_close(everything["energy/system"][0], in_kj, rtol=1e-13, atol=0)


def test_excluded_atoms_are_counted():
    full = evaluate(corrected(TYPES), MOLECULE)["energy"]
    without = evaluate(corrected(TYPES, excluded_atom_types=[8]), MOLECULE)["energy"]
    assert not without[[2, 3]].any() and bool((without[[0, 1, 4, 5]] > full[[0, 1, 4, 5]]).all())
    only_others = structure([6, 1, 1, 26], MOLECULE.positions[[0, 1, 4, 5]])
    assert not torch.allclose(evaluate(corrected(TYPES), only_others)["energy"], without[[0, 1, 4, 5]], rtol=1e-3)


def test_published_tables():
    tables = published_tables()
    assert {name: list(table.shape) for name, table in tables.items()} == {
        "rcov": [104],
        "r4r2": [104],
        "c6": [104, 104, 7, 7],
        "cn_ref": [104, 7],
    }
    assert torch.equal(tables["c6"], tables["c6"].permute(1, 0, 3, 2))
    has_reference = tables["cn_ref"] >= 0
    is_pair = has_reference[:, None, :, None] & has_reference[None, :, None, :]
    assert torch.equal(tables["c6"] > 0, is_pair)
    torch.testing.assert_close(tables["c6"][10, 10, 0, 0].item(), 6.2896, rtol=0, atol=1e-12)  # of two atoms of neon


def test_capabilities():
    model = corrected(TYPES, {"energy": DAMPING}, cutoff=3.0, cn_cutoff=4.0)
    (request,) = model.requested_neighbor_lists()
    assert (request.cutoff, request.full_list, request.strict) == (4.0, False, True)
    assert model.capabilities().interaction_range == 7.0  # neighbors of the other atom count
    assert model.metadata().name == "zero"
    defaults = corrected(TYPES)
    torch.testing.assert_close(defaults.requested_neighbor_lists()[0].cutoff, 50 * BOHR, rtol=1e-14, atol=0)
    torch.testing.assert_close(defaults.capabilities().interaction_range, 75 * BOHR, rtol=1e-14, atol=0)
    with pytest.warns(UserWarning, match=r"no dispersion correction, and so no model, for types of atoms \[104\]"):
        assert corrected([6, 104]).capabilities().atomic_types == [6]


def test_explicit_gradients_are_not_offered():
    model = zero_model([6], outputs={"energy": ModelOutput(unit="eV", sample_kind="atom", explicit_gradients=["positions"])})
    assert DFTD3.wrap(model, damping_params={"energy": DAMPING}).capabilities().outputs["energy"].explicit_gradients == []


class WithGradients(torch.nn.Module):
    """Energies of atoms with gradients: of all outputs, asked for or not, or of those that are asked for them."""

    def __init__(self, always: bool):
        super().__init__()
        self.zero = Zero()
        self.always = always

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        results: Dict[str, TensorMap] = {}
        for name, result in self.zero(systems, outputs, selected_atoms).items():
            block = result.block()
            energy = TensorBlock(block.values, block.samples, block.components, block.properties)
            if self.always or "positions" in outputs[name].explicit_gradients:
                first = torch.tensor([[0, 0, 0]])
                gradient = TensorBlock(
                    torch.ones(1, 3, 1, dtype=block.values.dtype),
                    Labels(["sample", "system", "atom"], first),
                    [Labels("xyz", torch.tensor([[0], [1], [2]]))],
                    block.properties,
                )
                energy.add_gradient("positions", gradient)
            results[name] = TensorMap(result.keys, [energy])
        return results


ONLY_ENERGIES = {name: OUTPUTS[name] for name in ["energy", "energy/system"]}


def with_gradients(always, is_saved, folder):
    """Corrections of "energy", but not of "energy/system"."""
    outputs = {}
    for name, output in ONLY_ENERGIES.items():
        outputs[name] = ModelOutput("", output.unit, output.sample_kind, ["positions"], output.description)
    capabilities = ModelCapabilities(outputs, TYPES, 0.0, "A", ["cpu"], "float64")
    model = AtomisticModel(WithGradients(always).eval(), ModelMetadata(), capabilities)
    model = DFTD3.wrap(model, damping_params={"energy": DAMPING})
    if is_saved:
        model.save(folder / "model.pt")
        model = load_atomistic_model(folder / "model.pt")
    return model


def request(model, requests, check_consistency):
    system = make_system(MOLECULE, model.requested_neighbor_lists())
    return model([system], ModelEvaluationOptions("A", requests, None), check_consistency)


def asked_for(*names):
    """Outputs with explicit gradients."""
    return {name: ModelOutput("", "", OUTPUTS[name].sample_kind, ["positions"], "") for name in names}


@pytest.mark.parametrize("is_saved", [False, True])
def test_explicit_gradients(is_saved, tmp_path):
    """There are none of what is corrected; other outputs keep theirs."""
    message = "there is no dispersion correction of explicit gradients, which 'energy' has"
    unasked = {"energy": ModelOutput("", "", "atom")}
    for always, requests in [(False, asked_for("energy")), (True, asked_for("energy")), (True, unasked)]:
        model = with_gradients(always, is_saved, tmp_path)
        with pytest.raises((ValueError, torch.jit.Error), match=message) as error:
            request(model, requests, False)
        assert "ValueError" in error.exconly()  # TorchScript says it in its text

    model = with_gradients(False, is_saved, tmp_path)
    results = request(model, {**unasked, **asked_for("energy/system")}, True)
    assert results["energy"].block().gradients_list() == []
    assert float(results["energy"].block().values.sum()) < -0.1
    assert results["energy/system"].block().gradient("positions").values.tolist() == [[[1.0], [1.0], [1.0]]]
    assert float(results["energy/system"].block().values) == 0.0


def test_explicit_gradients_that_are_not_offered_are_refused_by_checks(tmp_path):
    model = with_gradients(False, False, tmp_path)
    with pytest.raises(ValueError, match="can not compute explicit gradients of 'energy' with respect to 'positions'"):
        request(model, asked_for("energy"), True)


def test_old_names_of_outputs():
    outputs = {"non_conservative_forces": ModelOutput(unit="eV/A", sample_kind="atom")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = zero_model(TYPES, outputs=outputs)
    assert "non_conservative_force" in DFTD3.wrap(model, damping_params={"non_conservative_force": DAMPING}).capabilities().outputs


def changed(**changes):
    tables = {**two_reference_systems(), **changes}
    return {"d3_params": {name: table for name, table in tables.items() if table is not None}}


@pytest.mark.parametrize(
    "error, message, damping, options",
    [
        (ValueError, "at least one output", {}, {}),
        (ValueError, r"no output 'energy/pbe' to correct, it has \['energy'", {"energy/pbe": DAMPING}, {}),
        (ValueError, r"for \['energy', .*\] and variants of these, got 'feature'", {"feature": DAMPING}, {}),
        (KeyError, r"of 'energy' have no 'a2', they have \['a1'\]", {"energy": {"a1": 1.0}}, {}),
        (TypeError, "`damping_params` of 'energy' must be a dict of numbers by name, got float", {"energy": 1.0}, {}),
        (ValueError, "'s6' in `damping_params` of 'energy' must be finite, got nan", {"energy": {**DAMPING, "s6": float("nan")}}, {}),
        (ValueError, "`cutoff` must be positive and finite, got -1", {"energy": DAMPING}, {"cutoff": -1.0}),
        (ValueError, "`cn_cutoff` must be positive and finite, got 0", {"energy": DAMPING}, {"cn_cutoff": 0.0}),
        (ValueError, "got nan", {"energy": DAMPING}, {"cutoff": float("nan")}),
        (KeyError, r"no table 'rcov', it has \['c6', 'cn_ref', 'r4r2'\]", {"energy": DAMPING}, changed(rcov=None)),
        (TypeError, r"\['r4r2'\]` must be a torch.Tensor, got list", {"energy": DAMPING}, changed(r4r2=[1.0])),
        (ValueError, r"\['c6'\]` must have 4 dimensions, got shape \[2, 2\]", {"energy": DAMPING}, changed(c6=torch.ones(2, 2))),
        (ValueError, r"\['rcov'\]` must have shape \[2\], got \[3\]", {"energy": DAMPING}, changed(rcov=torch.ones(3))),
        (ValueError, r"must have shape \[2, 2\], got \[2, 3\]", {"energy": DAMPING}, changed(cn_ref=torch.ones(2, 3))),
        (ValueError, r"must have shape \[2, 2, 2, 2\]", {"energy": DAMPING}, changed(c6=torch.ones(2, 2, 2, 3))),
        (ValueError, r"for any of the types of the model, \[6\]", {"energy": DAMPING}, changed()),
    ],
)
def test_errors(error, message, damping, options):
    with pytest.raises(error, match=message):
        corrected([6], damping, **options)


def test_errors_of_models():
    with pytest.raises(TypeError, match="must be an AtomisticModel, got Linear"):
        DFTD3.wrap(torch.nn.Linear(1, 1), damping_params={"energy": DAMPING})
    with pytest.raises(ValueError, match="a model with a unit of length"):
        DFTD3.wrap(zero_model([6], length_unit=""), damping_params={"energy": DAMPING})
    with pytest.raises(ValueError, match="'energy' needs its unit"):
        DFTD3.wrap(zero_model([6], outputs={"energy": ModelOutput(sample_kind="atom")}), damping_params={"energy": DAMPING})


ORACLE = os.environ.get("METATENSOR_ORACLE_PYTHON", "")


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dispersion")
    paths = [str(ROOT / "tests" / "python"), str(ROOT / "examples" / "python")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    command = [ORACLE, "-W", "ignore", paths[0] + "/dispersion.py", folder]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return torch.load(folder / "tables.pt"), torch.load(folder / "results.pt")


needs_oracle = pytest.mark.skipif(ORACLE == "", reason="METATENSOR_ORACLE_PYTHON is not set")


@needs_oracle
def test_tables_are_those_of_metatomic_torch(theirs):
    for name, table in published_tables().items():
        torch.testing.assert_close(table, theirs[0][name], rtol=1e-7, atol=1e-6)  # they are in float32 there


@needs_oracle
@pytest.mark.parametrize("name", CASES)
def test_as_metatomic_torch(name, theirs):
    tables, results = theirs
    atoms, types, selected, options = CASES[name]
    ours = evaluate(corrected(types, d3_params=tables, **options), atoms, selected)
    assert {*OUTPUTS, "forces"} == set(ours)
    for output, values in ours.items():
        expected = results[name].get(output, results[name].get(output + "s"))
        torch.testing.assert_close(values, expected.reshape(values.shape), rtol=1e-10, atol=1e-13)
