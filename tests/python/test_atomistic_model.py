# SPDX-License-Identifier: BSD-3-Clause
"""AtomisticModel: what it refuses, what it asks of the engine, what it does around a model."""

import contextlib
import math
import re
import warnings
from typing import Dict, List, Optional

import pytest
import torch
from atoms import make_system
from springs import PAIR, Springs, atomistic, capabilities, run
from torch.utils.flop_counter import FlopCounterMode

from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import (
    AtomisticModel,
    ModelEvaluationOptions,
    ModelInterface,
    ModelMetadata,
    ModelOutput,
    NeighborListOptions,
    System,
    is_atomistic_model,
    load_atomistic_model,
)
from metatomic.torch._requests import inputs_of_atomistic_model


class NoAnnotations(torch.nn.Module):
    def forward(self, systems, outputs, selected_atoms):
        return {}


class TooFewArguments(torch.nn.Module):
    def forward(self, systems: List[System]) -> Dict[str, TensorMap]:
        return {}


class WrongSystems(torch.nn.Module):
    def forward(
        self, systems: List[int], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        return {}


class RequiredSelection(torch.nn.Module):
    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Labels
    ) -> Dict[str, TensorMap]:
        return {}


class WrongResult(torch.nn.Module):
    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, Labels]:
        return {}


SIGNATURES = [
    (NoAnnotations, "`systems` in `module.forward` must be annotated as List[System], got no annotation"),
    (TooFewArguments, "must have the signature `forward(self, systems: List[System], outputs: Dict[str, Mod"),
    (WrongSystems, "`systems` in `module.forward` must be annotated as List[System], got List[int]"),
    (RequiredSelection, "`selected_atoms` in `module.forward` must be annotated as Optional[Labels], got Labels"),
    (WrongResult, "`module.forward` must return Dict[str, TensorMap], got Dict[str, Labels]"),
]


@pytest.mark.parametrize("module, message", SIGNATURES)
@pytest.mark.parametrize("script", [False, True])
def test_signature(module, message, script):
    if script and module is NoAnnotations:
        message = "must be annotated as List[System], got Tensor"  # what TorchScript takes it for
    with pytest.raises(TypeError) as error:
        atomistic(torch.jit.script(module()) if script else module())
    assert message in str(error.value)


def test_module_must_be_a_module():
    with pytest.raises(TypeError, match="`module` must be a torch.nn.Module, got int"):
        AtomisticModel(3, ModelMetadata(), capabilities())
    with pytest.raises(ValueError, match="must not be in training mode"):
        AtomisticModel(Springs(), ModelMetadata(), capabilities())


def test_metadata_and_capabilities_must_be_those():
    module = Springs().eval()
    with pytest.raises(TypeError, match="`metadata` must be ModelMetadata, got ModelCapabilities"):
        AtomisticModel(module, capabilities(), ModelMetadata())
    with pytest.raises(TypeError, match="`capabilities` must be ModelCapabilities, got dict"):
        AtomisticModel(module, ModelMetadata(), {})


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"interaction_range": -1.0}, "`capabilities.interaction_range` is not set"),
        ({"interaction_range": -2.0}, "`capabilities.interaction_range` must be 0 or more"),
        ({"interaction_range": math.nan}, "`capabilities.interaction_range` must be 0 or more"),
        ({"supported_devices": []}, "`capabilities.supported_devices` is not set"),
        ({"dtype": ""}, "`capabilities.dtype` is not set"),
    ],
)
def test_capabilities(changes, message):
    with pytest.raises(ValueError, match=message):
        atomistic(**changes)


def test_infinite_range():
    assert atomistic(interaction_range=math.inf).capabilities().interaction_range == math.inf


class Nested(Springs):
    def __init__(self):
        super().__init__(2.0)
        self.same = Springs(2.0)
        self.other = torch.nn.ModuleList([Springs(3.0)])


def test_neighbor_lists_of_all_submodules():
    requests = atomistic(Nested()).requested_neighbor_lists()
    assert [request.cutoff for request in requests] == [2.0, 3.0]
    assert [request.requestors() for request in requests] == [["Nested", "Nested.same"], ["Nested.other.0"]]
    assert [request.length_unit for request in requests] == ["angstrom", "angstrom"]


def test_bad_neighbor_lists():
    for returned, got in [(3, "got int"), ([3], "got int in it")]:
        module = Springs()
        module.requested_neighbor_lists = lambda returned=returned: returned
        with pytest.raises(TypeError, match=f"must return a list of NeighborListOptions, {got}"):
            atomistic(module)
    module = Springs()
    module.request.length_unit = "nm"
    with pytest.raises(ValueError, match="requests a neighbor list in 'nm', but .* is 'angstrom'"):
        atomistic(module)


class WithInput(Springs):
    def __init__(self, name, **request):
        super().__init__()
        self.inputs = {name: ModelOutput(sample_kind="atom", **request)}

    def requested_inputs(self):
        return self.inputs


def test_requested_inputs():
    model = atomistic(WithInput("charge/a", unit="e"))
    assert list(model.requested_inputs(use_new_names=True)) == ["charge/a"]
    assert list(model.requested_inputs()) == ["charges/a"]
    with pytest.warns(UserWarning, match="requests the input 'masses', which is now called 'mass'"):
        model = atomistic(WithInput("masses", unit="u"))
    assert list(model.requested_inputs(use_new_names=True)) == ["mass"]

    module = WithInput("charge", unit="e")
    module.inner = WithInput("charge", unit="C")
    message = "'charge' is requested with unit 'e' by `WithInput` and with unit 'C' by `WithInput.inner`"
    with pytest.raises(NotImplementedError, match=message):
        atomistic(module)


    module = WithInput("charge", unit="e")
    module.requested_inputs = lambda: {"charge": ModelOutput(unit="e"), "charges": ModelOutput(unit="e")}
    with pytest.warns(UserWarning, match="'charges'"), pytest.raises(ValueError, match="requests both 'charge' and 'charges', which are the same input"):
        atomistic(module)
    module.requested_inputs = 3
    with pytest.raises(TypeError, match="`WithInput.requested_inputs` must be a method, got int"):
        atomistic(module)
    for returned, got in [
        (None, "got NoneType"),
        (["charge"], "got list"),
        ({3: ModelOutput()}, "got the name 3"),
        ({"charge": "e"}, "got str as 'charge'"),
    ]:
        module.requested_inputs = lambda returned=returned: returned
        message = re.escape("`requested_inputs()` of `WithInput` returns must be a dict of ModelOutput by name, ") + got
        with pytest.raises(TypeError, match=message):
            atomistic(module)


class OldModel(torch.nn.Module):
    """What models of early versions have: `requested_inputs` without an argument, or not at all."""

    def __init__(self, module: torch.nn.Module):
        super().__init__()
        self.module = module

    @torch.jit.export
    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        return [NeighborListOptions(2.0, True, True)]

    @torch.jit.export
    def requested_inputs(self) -> Dict[str, ModelOutput]:
        return {"charges": ModelOutput(unit="e")}

    def forward(self, systems: List[System]) -> List[System]:
        return systems


def test_models_of_early_versions():
    old = torch.jit.script(OldModel(Springs()))
    assert old.original_name == "OldModel"
    inputs = inputs_of_atomistic_model(old)
    assert list(inputs) == ["charge"] and inputs["charge"].unit == "e"
    assert inputs_of_atomistic_model(torch.nn.Identity()) == {}


def test_parameters_do_not_require_gradients():
    module = Springs()
    atomistic(module)
    assert not module.stiffness.requires_grad


@pytest.mark.parametrize("check", [False, True])
def test_runs_and_converts_units(check):
    model = atomistic()
    assert run(model, check=check)["energy"].block().values.item() == pytest.approx(0.5)
    outputs = {"energy": ModelOutput(unit="meV")}
    assert run(model, outputs, check=check)["energy"].block().values.item() == pytest.approx(500.0)
    # the same system, but its numbers are nm: 1 nm is 10 angstrom
    values = run(model, length_unit="nm", check=check)["energy"].block().values
    assert values.item() == pytest.approx(50.0)


def test_unit_conversion_is_differentiable():
    model = atomistic()
    system = make_system(PAIR, model.requested_neighbor_lists(), differentiable=True)
    options = ModelEvaluationOptions("nm", {"energy": ModelOutput(unit="meV")})
    energy = model([system], options, True)["energy"].block().values.sum()
    (gradient,) = torch.autograd.grad(energy, system.positions)
    expected = 1e5 * torch.tensor([[0.0, -0.6, -0.8], [0.0, 0.6, 0.8]], dtype=torch.float64)
    torch.testing.assert_close(gradient, expected)


def test_unknown_type():
    for check in [False, True]:
        with pytest.raises(ValueError, match="does not support the atomic type '2' which is present in the input systems"):
            run(atomistic(), check=check, atoms=PAIR._replace(types=[1, 2]))


def test_inputs_are_checked_on_request():
    model = atomistic()
    with pytest.raises(ValueError, match=r"can not compute 'custom::foo', its outputs are \['energy'\]"):
        run(model, {"custom::foo": ModelOutput()})
    with pytest.raises(ValueError, match="wrong dtype of the systems: the model works in float64, got float32"):
        run(model, dtype=torch.float32)
    with pytest.raises(ValueError, match="requests the neighbor list .*cutoff=2.000000.*, which is missing in the system"):
        options = ModelEvaluationOptions("angstrom", {"energy": ModelOutput(unit="eV")})
        model([make_system(PAIR, [])], options, True)
    with pytest.raises(ValueError, match="can not compute 'energy' with the sample_kind 'atom', only with 'system'"):
        run(model, {"energy": ModelOutput(unit="eV", sample_kind="atom")})
    systems = [make_system(PAIR, model.requested_neighbor_lists(), dtype) for dtype in [torch.float64, torch.float32]]
    with pytest.raises(ValueError, match="all systems must have the same dtype, got float64 and float32"):
        model(systems, options, True)
    with pytest.raises(ValueError, match=r"for 'selected_atoms': \(system=0, atom=7\) is not one of the atoms"):
        run(model, selected=Labels(["system", "atom"], torch.tensor([[0, 7]])))


def test_units_that_can_not_be_converted():
    with pytest.raises(ValueError, match="can not convert from 'eV' to 'A': the dimension of 'eV' is"):
        run(atomistic(), {"energy": ModelOutput(unit="A")})


class WrongLayout(Springs):
    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        samples = Labels("structure", torch.tensor([[0]]))
        zeros = torch.zeros(1, 1, dtype=torch.float64)
        block = TensorBlock(zeros, samples, [], Labels("energy", torch.tensor([[0]])))
        return {"energy": TensorMap(Labels("_", torch.tensor([[0]])), [block])}


def test_outputs_are_checked_on_request():
    model = atomistic(WrongLayout())
    assert run(model, check=False)["energy"].block().samples.names == ["structure"]
    with pytest.raises(ValueError, match=r"invalid samples for 'energy': expected the names \[system\], got \[structure\]"):
        run(model)


@pytest.mark.parametrize("model_name", ["feature", "features", "feature/a"])
def test_old_and_current_names_of_outputs(model_name):
    model = atomistic(outputs={model_name: ModelOutput()})
    model = torch.jit.script(model)
    slash, variant = model_name.partition("/")[1:]
    for name in ["feature" + slash + variant, "features" + slash + variant]:
        assert list(run(model, {name: ModelOutput()}, check=False)) == [name]
    names = {"feature" + slash + variant, "features" + slash + variant}
    assert set(model.capabilities().outputs) == names


class OneName(Springs):
    """Knows its output by one name only."""

    def __init__(self, name: str):
        super().__init__()
        self.name = name

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        assert list(outputs.keys()) == [self.name]
        block = TensorBlock(
            torch.zeros(1, 1, dtype=torch.float64),
            Labels("system", torch.tensor([[0]])),
            [],
            Labels("x", torch.tensor([[0]])),
        )
        return {self.name: TensorMap(Labels("_", torch.tensor([[0]])), [block])}


@pytest.mark.parametrize("model_name", ["feature", "features"])
def test_names_of_outputs_of_a_loaded_model(model_name, tmp_path):
    atomistic(OneName(model_name), outputs={model_name: ModelOutput()}).save(tmp_path / "model.pt")
    model = load_atomistic_model(tmp_path / "model.pt")
    model.save(tmp_path / "again.pt")
    for loaded in [model, load_atomistic_model(tmp_path / "again.pt")]:
        for name in ["feature", "features"]:
            assert list(run(loaded, {name: ModelOutput()}, check=True)) == [name]


def test_is_atomistic_model(tmp_path):
    model = atomistic()
    model.save(tmp_path / "model.pt")
    assert is_atomistic_model(model)
    assert is_atomistic_model(torch.jit.script(model))
    assert is_atomistic_model(torch.jit.load(str(tmp_path / "model.pt")))
    assert not is_atomistic_model(Springs())
    assert not is_atomistic_model(torch.jit.script(Springs()))
    with pytest.raises(TypeError, match="`module` must be a torch.nn.Module, got str"):
        is_atomistic_model("model.pt")


def test_interface_has_defaults():
    interface = ModelInterface()
    assert interface.requested_neighbor_lists() == []
    assert interface.requested_inputs() == {}
    with pytest.raises(NotImplementedError):
        interface([], {}, None)


def test_batched_gradients():
    """vmap over gradients, as `torch.autograd.functional.jacobian` and Hessians do."""
    request = NeighborListOptions(2.0, True, True)
    system = make_system(PAIR, [request], differentiable=True)
    positions = system.positions
    squares = system.get_neighbor_list(request).values.square().flatten()
    directions = torch.eye(len(squares), dtype=torch.float64)
    one_by_one = [torch.autograd.grad(squares, positions, d, retain_graph=True)[0] for d in directions]
    (batched,) = torch.autograd.grad(squares, positions, directions, is_grads_batched=True)
    torch.testing.assert_close(batched, torch.stack(one_by_one))


def energy_and_its_gradient(model, context):
    (request,) = model.requested_neighbor_lists()
    system = make_system(PAIR, [request], differentiable=True)
    options = ModelEvaluationOptions("angstrom", {"energy": ModelOutput(unit="kJ/mol")})
    with context:
        energy = model([system], options, True)["energy"].block().values.sum()
    return energy, torch.autograd.grad(energy, system.positions)[0]


@pytest.mark.parametrize("from_file", [False, True])
def test_dispatch_modes_keep_derivatives(from_file, tmp_path):
    model = atomistic()
    if from_file:
        model.save(str(tmp_path / "model.pt"))
        model = load_atomistic_model(str(tmp_path / "model.pt"))
    expected = energy_and_its_gradient(model, contextlib.nullcontext())
    torch.testing.assert_close(energy_and_its_gradient(model, FlopCounterMode(display=False)), expected)


def test_deprecation_is_said_once():
    output = ModelOutput(unit="eV", sample_kind="atom")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(3):
            assert output.per_atom
    assert len(caught) <= 1
