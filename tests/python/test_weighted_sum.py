# SPDX-License-Identifier: BSD-3-Clause
"""Weighted sums of the outputs of a model."""

import pytest
import torch
from test_saved_models import CURRENT, FOLDER, Today, make_systems

from metatomic.torch import ModelEvaluationOptions, ModelOutput, load_atomistic_model
from metatomic.torch.weighted_sum import WeightedSum


WEIGHTS = {"energy": 0.75, "energy/near": -2.0}


@pytest.fixture(scope="module")
def model():
    return load_atomistic_model(FOLDER / CURRENT / "variants.pt")


@pytest.fixture(scope="module")
def saved():
    return torch.load(FOLDER / CURRENT / "variants.results.pt")


def evaluate(model, systems, names):
    options = ModelEvaluationOptions("nm", {name: ModelOutput(unit="meV") for name in names}, None)
    return model(systems, options, True)


@pytest.mark.parametrize("is_saved", [False, True])
def test_sum(model, saved, is_saved, tmp_path):
    mixed = WeightedSum.wrap(model, "energy/mix", WEIGHTS)
    if is_saved:
        mixed.save(tmp_path / "mixed.pt")
        mixed = load_atomistic_model(tmp_path / "mixed.pt")
    systems = make_systems(mixed, saved, Today)
    energies = saved["energy.values"]  # those of energy/near are the same
    outputs = evaluate(mixed, systems, ["energy/mix", "energy"])
    assert set(outputs) == {"energy/mix", "energy"}
    torch.testing.assert_close(outputs["energy/mix"].block().values, -1.25 * energies, rtol=1e-14, atol=0)
    assert torch.equal(outputs["energy"].block().values, energies)
    # what is not asked for is not there, and the sum can be differentiated
    (alone,) = evaluate(mixed, systems, ["energy/mix"]).values()
    gradient = torch.autograd.grad(alone.block().values.sum(), systems[0].positions)[0]
    torch.testing.assert_close(gradient, 1.25 * saved["0.forces"], rtol=1e-12, atol=1e-10)


def test_normalized(model, saved):
    mixed = WeightedSum.wrap(model, "energy/mix", {"energy": 2.0, "energy/near": 6.0}, normalize_coefficients=True)
    (mix,) = evaluate(mixed, make_systems(mixed, saved, Today), ["energy/mix"]).values()
    torch.testing.assert_close(mix.block().values, saved["energy.values"], rtol=1e-14, atol=0)
    assert mixed.capabilities().outputs["energy/mix"].unit == "eV"
    assert mixed.metadata().name == "variants"


def test_gradients_of_the_model(tmp_path):
    model = load_atomistic_model(FOLDER / CURRENT / "gradients.pt")
    saved = torch.load(FOLDER / CURRENT / "gradients.results.pt")
    mixed = WeightedSum.wrap(model, "energy/double", {"energy": 2.0})
    assert mixed.capabilities().outputs["energy/double"].explicit_gradients == ["positions", "strain"]
    request = ModelOutput(unit="meV", explicit_gradients=["positions"])
    options = ModelEvaluationOptions("nm", {"energy/double": request}, None)
    (double,) = mixed(make_systems(mixed, saved, Today), options, True).values()
    assert double.block().gradients_list() == ["positions"]
    gradient = double.block().gradient("positions").values
    torch.testing.assert_close(gradient, 2 * saved["energy.positions.values"], rtol=1e-14, atol=0)


@pytest.mark.parametrize(
    "name, weights, normalize, message",
    [
        ("energy/mix", {}, False, "at least one output"),
        ("energy/mix", {}, True, "at least one output"),
        ("energy/mix", {"energy": float("nan")}, False, "the weight of 'energy' must be finite, got nan"),
        ("energy/far", {"energy": 1.0}, False, "already has an output 'energy/far'"),
        ("energy/mix", {"energy/none": 1.0}, False, "no output 'energy/none', it has"),
        ("energy/mix", {"energy": 1.0, "energy/far": 1.0}, False, r"same unit, got \['Hartree', 'eV'\]"),
        ("energy/mix", {"energy": 1.0, "energy/near": -1.0}, True, "can not be normalized"),
    ],
)
def test_errors(model, name, weights, normalize, message):
    with pytest.raises(ValueError, match=message):
        WeightedSum.wrap(model, name, weights, normalize)


def test_weights_have_names(model):
    with pytest.raises(TypeError, match="`weights` must be a dict of numbers by names of outputs, got list"):
        WeightedSum.wrap(model, "energy/mix", ["energy"])


def test_needs_an_atomistic_model():
    with pytest.raises(TypeError, match="must be an AtomisticModel, got Linear"):
        WeightedSum.wrap(torch.nn.Linear(1, 1), "energy/mix", {"energy": 1.0})
