# SPDX-License-Identifier: BSD-3-Clause
"""AtomisticModel: what it refuses, what it asks of the engine, what it does around a model, what it saves."""

import io
import json
import math
import subprocess
import warnings
import zipfile
from typing import Dict, List, Optional

import pytest
import torch
from atoms import evaluate, make_system, structure

from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import (
    AtomisticModel,
    ModelCapabilities,
    ModelEvaluationOptions,
    ModelInterface,
    ModelMetadata,
    ModelOutput,
    NeighborListOptions,
    System,
    check_atomistic_model,
    is_atomistic_model,
    load_atomistic_model,
    read_model_metadata,
)
from metatomic.torch._requests import inputs_of_atomistic_model


class Springs(torch.nn.Module):
    """Half of the squared length of all pairs of a full list."""

    def __init__(self, cutoff: float = 2.0, stiffness: float = 1.0):
        super().__init__()
        self.request = NeighborListOptions(cutoff, True, True)
        self.stiffness = torch.nn.Parameter(torch.tensor(stiffness, dtype=torch.float64))

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        return [self.request]

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        results: Dict[str, TensorMap] = {}
        for name in outputs.keys():
            values: List[torch.Tensor] = []
            for system in systems:
                pairs = system.get_neighbor_list(self.request)
                values.append(0.25 * self.stiffness * pairs.values.square().sum())
            samples = Labels("system", torch.arange(len(systems)).reshape(-1, 1))
            quantity = name.split("/")[0]
            properties = Labels([quantity], torch.tensor([[0]]))
            block = TensorBlock(torch.stack(values).reshape(-1, 1), samples, [], properties)
            results[name] = TensorMap(Labels("_", torch.tensor([[0]])), [block])
        return results


def capabilities(**changes) -> ModelCapabilities:
    values = {
        "outputs": {"energy": ModelOutput(unit="eV")},
        "atomic_types": [1, 8],
        "interaction_range": 2.0,
        "length_unit": "angstrom",
        "supported_devices": ["cpu"],
        "dtype": "float64",
    }
    return ModelCapabilities(**{**values, **changes})


def atomistic(module=None, metadata=None, **changes) -> AtomisticModel:
    module = Springs() if module is None else module
    return AtomisticModel(module.eval(), ModelMetadata() if metadata is None else metadata, capabilities(**changes))


PAIR = structure([1, 8], [[0.0, 0.0, 0.0], [0.0, 0.6, 0.8]])


def run(model, outputs=None, length_unit="angstrom", check=True, atoms=PAIR, selected=None, **options):
    system = make_system(atoms, model.requested_neighbor_lists(), **options)
    outputs = {"energy": ModelOutput(unit="eV")} if outputs is None else outputs
    return model([system], ModelEvaluationOptions(length_unit, outputs, selected), check)


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
        with pytest.raises(ValueError, match="2"):
            run(atomistic(), check=check, atoms=PAIR._replace(types=[1, 2]))


def test_inputs_are_checked_on_request():
    model = atomistic()
    with pytest.raises(ValueError, match="foo"):
        run(model, {"custom::foo": ModelOutput()})
    with pytest.raises(ValueError, match="float32"):
        run(model, dtype=torch.float32)
    with pytest.raises(ValueError, match="cutoff=2"):
        options = ModelEvaluationOptions("angstrom", {"energy": ModelOutput(unit="eV")})
        model([make_system(PAIR, [])], options, True)
    with pytest.raises(ValueError, match="per atom|atom"):
        run(model, {"energy": ModelOutput(unit="eV", sample_kind="atom")})


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
    with pytest.raises(ValueError, match="'energy'.*system"):
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


def extra_files(path) -> Dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if "/extra/" in name]
        return {name.split("/extra/")[1]: archive.read(name).decode() for name in names}


def test_saved_file(tmp_path):
    model = atomistic(metadata=ModelMetadata(name="springs", authors=["Ada <ada@example.org>"]))
    model.save(tmp_path / "model.pt")
    extra = extra_files(tmp_path / "model.pt")
    assert extra["torch-version"] == torch.__version__
    assert extra["metatomic-version"].startswith("0.1.")
    assert json.loads(extra["extensions"]) == []
    assert json.loads(extra["extensions-deps"]) == []
    assert set(json.loads(extra["export-metadata"])) == {"date", "platform"}
    assert json.loads(extra["model-metadata"])["name"] == "springs"
    assert read_model_metadata(str(tmp_path / "model.pt")).authors == ["Ada <ada@example.org>"]
    check_atomistic_model(str(tmp_path / "model.pt"))


def test_collected_extensions(tmp_path, monkeypatch):
    extension = tmp_path / "site" / "package" / "lib" / "libpackage_torch.so"
    extension.parent.mkdir(parents=True)
    extension.write_bytes(b"not really a library")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setattr(torch.ops, "loaded_libraries", {*torch.ops.loaded_libraries, str(extension)})
    atomistic().save(tmp_path / "model.pt", collect_extensions=str(tmp_path / "extensions"))

    extra = extra_files(tmp_path / "model.pt")
    (entry,) = json.loads(extra["extensions"])
    assert entry["name"] == "package_torch"
    assert entry["path"] == "package/lib/libpackage_torch.so"
    assert len(entry["sha256"]) == 64
    assert json.loads(extra["export-metadata"])["extensions_directory"] == str(tmp_path / "extensions")
    copied = tmp_path / "extensions" / entry["path"]
    assert copied.read_bytes() == extension.read_bytes()


def test_collected_extensions_from_elsewhere(tmp_path, monkeypatch):
    """A library outside of the import path is found again where it was copied, and with it the model."""
    library = tmp_path / "far" / "lib" / "libfar_torch.so"
    library.parent.mkdir(parents=True)
    source = tmp_path / "far.c"
    source.write_text("int far_away(void) { return 42; }\n")
    subprocess.run(["cc", "-shared", "-fPIC", source, "-o", library], check=True)
    monkeypatch.setattr(torch.ops, "loaded_libraries", {*torch.ops.loaded_libraries, str(library)})
    atomistic().save(tmp_path / "model.pt", collect_extensions=str(tmp_path / "extensions"))
    library.unlink()
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*extension.*")
        load_atomistic_model(tmp_path / "model.pt", tmp_path / "extensions")


def test_saves_to_a_file_object(tmp_path):
    buffer = io.BytesIO()
    atomistic().save(buffer)
    (tmp_path / "model.pt").write_bytes(buffer.getvalue())
    assert is_atomistic_model(load_atomistic_model(tmp_path / "model.pt"))


def test_saves_no_model_in_training(tmp_path):
    model = atomistic()
    model.train()
    with pytest.raises(ValueError, match="a model in training mode can not be saved"):
        model.save(tmp_path / "model.pt")


def test_load(tmp_path):
    model = atomistic(Nested(), metadata=ModelMetadata(name="springs"))
    model.save(tmp_path / "model.pt")
    loaded = load_atomistic_model(tmp_path / "model.pt")
    loaded.save(tmp_path / "again.pt")
    for other in [loaded, load_atomistic_model(str(tmp_path / "again.pt"))]:
        assert isinstance(other, AtomisticModel)
        assert other.metadata().name == "springs"
        assert other.capabilities().atomic_types == [1, 8]
        requestors = [request.requestors() for request in other.requested_neighbor_lists()]
        assert requestors == [["Nested", "Nested.same"], ["Nested.other.0"]]
        assert evaluate(other, [make_system(PAIR, other.requested_neighbor_lists())]).values.item() == 0.5


def test_load_of_other_files(tmp_path):
    with pytest.raises(ValueError, match="nowhere.pt"):
        load_atomistic_model(tmp_path / "nowhere.pt")
    torch.jit.save(torch.jit.script(Springs()), str(tmp_path / "plain.pt"))
    with pytest.raises(ValueError, match="plain.pt"):
        load_atomistic_model(tmp_path / "plain.pt")


def test_load_of_incomplete_archives(tmp_path):
    """Any entry of the archive can be missing: nobody needs it, or an error says so."""
    atomistic().save(tmp_path / "model.pt")
    with zipfile.ZipFile(tmp_path / "model.pt") as source:
        contents = {name: source.read(name) for name in source.namelist()}
    outcomes = {}
    for missing in contents:
        with zipfile.ZipFile(tmp_path / "other.pt", "w") as target:
            for name in contents:
                if name != missing:
                    target.writestr(name, contents[name])
        entry = missing.partition("/")[2]
        try:
            outcomes[entry] = type(load_atomistic_model(tmp_path / "other.pt"))
        except (ValueError, RuntimeError) as error:
            outcomes[entry] = str(error)
    assert "does not contain an atomistic model" in outcomes["extra/metatomic-version"]
    assert "is not a TorchScript file" in outcomes["constants.pkl"]
    assert isinstance(outcomes["data.pkl"], str)
    code = [outcome for entry, outcome in outcomes.items() if entry.endswith(".py") and "metatomic/torch" in entry]
    assert code and all(isinstance(outcome, str) for outcome in code)
    for entry in ["extra/torch-version", "extra/extensions", "extra/export-metadata", "extra/model-metadata"]:
        assert outcomes[entry] is AtomisticModel, entry


def test_load_without_the_extension(tmp_path):
    atomistic().save(tmp_path / "model.pt")
    with zipfile.ZipFile(tmp_path / "model.pt") as source, zipfile.ZipFile(tmp_path / "other.pt", "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith(".py"):  # which file it is depends on how many models were scripted before
                content = content.replace(b"ops.metatomic.unit_conversion_factor", b"ops.metatomic._not_registered")
            target.writestr(name, content)
    with pytest.raises(RuntimeError, match="needs a TorchScript extension that is not loaded"):
        load_atomistic_model(tmp_path / "other.pt")


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


def test_deprecation_is_said_once():
    output = ModelOutput(unit="eV", sample_kind="atom")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(3):
            assert output.per_atom
    assert len(caught) <= 1
