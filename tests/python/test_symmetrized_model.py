# SPDX-License-Identifier: BSD-3-Clause
"""Models that are averaged over rotations: by hand, by what rotations leave as it is, and as metatomic-torch gives them.

METATENSOR_ASE_PACKAGES is a folder with SciPy, if that is not installed.
"""

import os
import subprocess
import sys

import pytest
import torch
from anisotropic import OUTPUTS, Anisotropic, anisotropic_model, evaluate, names_of_all, two_systems
from atoms import make_system
from conftest import ROOT
from example_models import DIAMOND, perturbed, silicon
from test_o3 import irreps, orders, tensor

from metatensor.torch import Labels
from metatomic.torch import (
    ModelEvaluationOptions,
    ModelOutput,
    System,
    load_atomistic_model,
    unit_conversion_factor,
)
from metatomic.torch.o3 import SymmetrizedModel, random_transformations


sys.path.append(os.environ.get("METATENSOR_ASE_PACKAGES", ""))  # at the end: only for what is not there otherwise
pytest.importorskip("scipy", minversion="1.15")

LIMITS = dict(max_angular_momentum_target=2, max_angular_momentum_character=3)


@pytest.fixture(scope="module")
def model():
    return SymmetrizedModel.wrap(anisotropic_model(), batch_size=50, **LIMITS)


def close(found, expected, tolerance=1e-11):
    torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)


def one_atom(*position):
    positions = torch.tensor([position], dtype=torch.float64)
    return System(torch.tensor([1]), positions, torch.zeros(3, 3).double(), torch.tensor([False] * 3))


class Height(Anisotropic):
    """The energy of an atom is z + 2."""

    def values(self, name: str, positions: torch.Tensor) -> torch.Tensor:
        return positions[:, 2:] + 2.0


def test_by_hand():
    """A component of a vector of length 3: its mean is 0, that of its square 9/3, and it is of degree 1."""
    wrapped = anisotropic_model(outputs={"energy": ModelOutput(unit="eV", sample_kind="atom")})
    wrapped.module = Height().eval()
    heights = SymmetrizedModel.wrap(wrapped, max_angular_momentum_character=2)
    found = evaluate(heights, [one_atom(2.0, 2.0, 1.0)], names_of_all(["energy"]))
    close(found["energy"].block().values, torch.tensor([[2.0]]).double())
    variance = found["o3::variance::energy"]
    assert variance.keys.names == ["o3_lambda", "o3_sigma"] and variance.keys.values.tolist() == [[0, 1]]
    close(variance.block().values, torch.tensor([[3.0]]).double())
    projections = found["o3::character_projection::energy"]
    assert projections.keys.names == ["o3_lambda", "o3_sigma", "chi_lambda", "chi_sigma"]
    squares = {tuple(key.values[2:].tolist()): block.values.item() for key, block in projections.items()}
    expected = {(0, 1): 4.0, (0, -1): 0.0, (1, 1): 3.0, (1, -1): 0.0, (2, 1): 0.0, (2, -1): 0.0}
    assert squares == pytest.approx(expected, abs=1e-12)


def test_averages_of_rotated_systems(model):
    """Scalars are the same, vectors and tensors rotate; with a rule that is fine enough for this model."""
    fine = SymmetrizedModel.wrap(anisotropic_model(), max_angular_momentum_grid=9, batch_size=300, **LIMITS)
    transformations = random_transformations(
        2, 2, device=torch.device("cpu"), dtype=torch.float64, add_inversions=True, generator=torch.Generator().manual_seed(1)
    )
    systems = two_systems()
    names = names_of_all()
    before, after = evaluate(fine, systems, names), evaluate(fine, transformations.transform_systems(systems), names)
    for name in OUTPUTS:
        close(after[name].block().values, transformations.transform_tensormap(before[name]).block().values)
        for key, block in before["o3::variance::" + name].items():
            close(after["o3::variance::" + name].block(key).values, block.values)
    # what is in which representation does not depend on the axes, in all components together
    for key, block in before["o3::character_projection::test::quadrupole"].items():
        close(after["o3::character_projection::test::quadrupole"].block(key).values.sum(1), block.values.sum(1))


def test_projections_add_up(model):
    """To the mean of the squares, which is the variance and the square of the mean for scalars."""
    found = evaluate(model, two_systems(), names_of_all())
    squares = sum(block.values for _, block in found["o3::character_projection::feature"].items())
    variance, mean = found["o3::variance::feature"].block().values, found["feature"].block().values
    assert bool((squares <= (variance + mean**2) * (1 + 1e-12)).all())
    # the first is a polynomial of degree 2, the second one of degree 4
    close(squares[:, 0], (variance + mean**2)[:, 0])
    assert not torch.allclose(squares[:, 1], (variance + mean**2)[:, 1], rtol=1e-8)


def test_of_a_model_that_knows_how_to_rotate():
    bare = silicon()
    model = SymmetrizedModel.wrap(bare, max_angular_momentum_target=1, batch_size=7)
    assert model.requested_neighbor_lists() == bare.requested_neighbor_lists()
    system = make_system(perturbed(5.4, DIAMOND, [14] * 8, 0.2), model.requested_neighbor_lists(), differentiable=True)
    requests = {name: ModelOutput(unit=unit, sample_kind="atom") for name, unit in [("energy", "meV"), ("o3::variance::energy", "meV^2")]}
    found = model([system], ModelEvaluationOptions("A", requests, None), True)
    energies = found["energy"].block().values
    expected = bare([system], ModelEvaluationOptions("A", {"energy": requests["energy"]}, None), True)["energy"].block().values
    close(energies, expected)
    assert float(found["o3::variance::energy"].block().values.detach().abs().max()) < 1e-18
    forces = [torch.autograd.grad(values.sum(), system.positions, retain_graph=True)[0] for values in [energies, expected]]
    close(forces[0], forces[1], 1e-9)


def test_selected_atoms(model):
    selected = [[0, 1], [1, 0], [1, 1]]
    names = [name for name in names_of_all() if "energy/atoms" in name or "force" in name]
    everything, some = evaluate(model, two_systems(), names), evaluate(model, two_systems(), names, selected)
    for name in names:
        for key, block in some[name].items():
            assert block.samples.values.tolist() == selected
            close(block.values, everything[name].block(key).values[[1, 3, 4]])
    only_second = evaluate(model, two_systems(), ["energy/atoms"], [[1, 1]])["energy/atoms"].block()
    assert only_second.samples.values.tolist() == [[1, 1]]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_saved(dtype, tmp_path):
    """Also without SciPy, as the file has what is needed."""
    made = SymmetrizedModel.wrap(anisotropic_model(dtype), batch_size=50, **LIMITS)
    made.save(tmp_path / "symmetrized.pt")
    loaded = load_atomistic_model(tmp_path / "symmetrized.pt")
    systems = two_systems(getattr(torch, dtype))
    tolerance = 1e-12 if dtype == "float64" else 1e-4
    expected = evaluate(made, systems, names_of_all())
    exact = evaluate(SymmetrizedModel.wrap(anisotropic_model(), batch_size=50, **LIMITS), two_systems(), names_of_all())
    for name, found in evaluate(loaded, systems, names_of_all()).items():
        for key, block in found.items():
            close(block.values, expected[name].block(key).values, tolerance)
            close(block.values.double(), exact[name].block(key).values, tolerance)


def test_capabilities(model):
    outputs = model.capabilities().outputs
    assert set(names_of_all()) <= set(outputs)
    assert outputs["energy"].unit == "eV" and outputs["o3::variance::energy"].unit == "(eV)^2"
    assert outputs["o3::character_projection::energy/atoms"].sample_kind == "atom"
    assert model.metadata().name == "anisotropic"
    assert model.module.max_angular_momentum_character == 3 and model.module.max_angular_momentum_grid == 6
    requests = {"o3::variance::energy": ModelOutput(unit="meV^2", sample_kind="system")}
    found = model(two_systems(), ModelEvaluationOptions("A", requests, None), True)["o3::variance::energy"]
    in_ev = evaluate(model, two_systems(), ["o3::variance::energy"])["o3::variance::energy"]
    close(found.block().values, in_ev.block().values * unit_conversion_factor("eV^2", "meV^2"))


def outputs_of(*names):
    return {name: ModelOutput(sample_kind="atom") for name in names}


def test_guesses():
    def degrees(*names, **options):
        module = SymmetrizedModel.wrap(anisotropic_model(outputs=outputs_of(*names)), **options).module
        return module.max_angular_momentum_target, module.max_angular_momentum_grid, module.max_angular_momentum_character

    assert degrees("energy", "test::quadrupole") == (0, 1, None)
    assert degrees("non_conservative_force/direct", "energy") == (1, 3, None)
    assert degrees("energy", max_angular_momentum_character=2) == (0, 4, 2)
    with pytest.raises(ValueError, match=r"`max_angular_momentum_target` must be given, .* the outputs \['test::quadrupole'\]"):
        degrees("test::quadrupole")


@pytest.mark.parametrize(
    "error, message, options",
    [
        (ValueError, "`max_angular_momentum_target` must be at least 0, got -1", {"max_angular_momentum_target": -1}),
        (TypeError, "`max_angular_momentum_target` must be an integer, got float", {"max_angular_momentum_target": 1.0}),
        (ValueError, "`max_angular_momentum_input` must be at least 0, got -2", {"max_angular_momentum_input": -2}),
        (ValueError, "`max_angular_momentum_character` must be at least 0", {"max_angular_momentum_character": -1}),
        (ValueError, "must be at least 4 for projections up to degree 2, got 3", {"max_angular_momentum_grid": 3, "max_angular_momentum_character": 2}),
        (ValueError, "`max_angular_momentum_grid` must be at most 131, got 132", {"max_angular_momentum_grid": 132}),
        (ValueError, "`batch_size` must be at least 1, got 0", {"batch_size": 0}),
    ],
)
def test_errors_of_arguments(error, message, options):
    with pytest.raises(error, match=message):
        SymmetrizedModel.wrap(anisotropic_model(), **options)


def test_errors(monkeypatch):
    model = SymmetrizedModel.wrap(anisotropic_model(), max_angular_momentum_target=1)
    with pytest.raises(ValueError, match="'test::quadrupole' has spherical components of degree 2, .*target=1"):
        evaluate(model, two_systems(), ["test::quadrupole"])
    systems = two_systems()
    module = model.module
    with pytest.raises(ValueError, match="'o3::character_projection::energy' needs .* `max_angular_momentum_character`"):
        module(systems, {"o3::character_projection::energy": ModelOutput(sample_kind="system")}, None)
    with pytest.raises(ValueError, match="no explicit gradients of averages .* 'energy'"):
        module(systems, {"energy": ModelOutput(sample_kind="system", explicit_gradients=["positions"])}, None)
    both = {"energy": ModelOutput(sample_kind="system"), "o3::variance::energy": ModelOutput(sample_kind="atom")}
    with pytest.raises(ValueError, match="all requests for 'energy' must have the same sample_kind"):
        module(systems, both, None)
    with pytest.raises(ValueError, match="at least one system"):
        module([], {"energy": ModelOutput(sample_kind="system")}, None)
    with pytest.raises(ValueError, match=r"components \['which'\] can not be transformed"):
        module(systems, {"test::named": ModelOutput(sample_kind="atom")}, None)
    with pytest.raises(TypeError, match="must be an AtomisticModel, got Linear"):
        SymmetrizedModel.wrap(torch.nn.Linear(1, 1))
    monkeypatch.setitem(sys.modules, "scipy.integrate", None)
    with pytest.raises(ImportError, match="need SciPy 1.15 or newer"):
        SymmetrizedModel.wrap(anisotropic_model())


def test_spherical_data_of_systems():
    system = one_atom(1.0, 0.0, 0.0)
    samples = Labels(["system", "atom"], torch.tensor([[0, 0]]))
    system.add_data("test::harmonics", tensor([Labels("o3_mu", orders(1))], irreps(1, 1), samples))
    requests = {"energy": ModelOutput(sample_kind="system")}
    model = SymmetrizedModel(Anisotropic(), max_angular_momentum_target=0)
    with pytest.raises(ValueError, match="'test::harmonics' has spherical components of degree 1, .*input=0"):
        model([system], requests, None)
    SymmetrizedModel(Anisotropic(), max_angular_momentum_target=0, max_angular_momentum_input=1)([system], requests, None)


ORACLE = os.environ.get("METATENSOR_ORACLE_PYTHON", "")


def run(python, file, environment):
    command = [python, "-W", "ignore", ROOT / "tests" / "python" / "anisotropic.py", file]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return torch.load(file)


@pytest.mark.skipif(ORACLE == "", reason="METATENSOR_ORACLE_PYTHON is not set")
def test_as_metatomic_torch(tmp_path):
    theirs = run(ORACLE, tmp_path / "theirs.pt", {name: value for name, value in os.environ.items() if name != "PYTHONPATH"})
    ours = run(sys.executable, tmp_path / "ours.pt", os.environ)
    close(ours["matrices"], theirs["matrices"])
    for found, expected in zip(ours["wigner"], theirs["wigner"]):
        close(found, expected)
    for selected in ["None", "[[0, 1], [1, 0], [1, 1]]"]:
        assert ours[selected].keys() == theirs[selected].keys() and len(ours[selected]) == len(names_of_all())
        for name, (keys, blocks) in ours[selected].items():
            assert keys == theirs[selected][name][0], name
            for (labels, values), (their_labels, their_values) in zip(blocks, theirs[selected][name][1]):
                assert labels == their_labels, name
                close(values, their_values)
