# SPDX-License-Identifier: BSD-3-Clause
"""Models that other packages saved, of both generations, load and give the results that those packages got."""

import os
import pathlib
import re
import subprocess
import sys

import interface
import pytest
import torch
from conftest import ROOT

import metatensor.torch
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import (
    AtomisticModel,
    ModelEvaluationOptions,
    ModelOutput,
    System,
    load_atomistic_model,
    read_model_metadata,
    register_autograd_neighbors,
)


FOLDER = ROOT / "tests" / "atomistic" / "saved_models"
sys.path.append(str(FOLDER))
from run_models import DATA_UNITS, ENGINE_UNITS, SELECTED, recorded  # noqa: E402


# where scripts/saved_models.sh has just put what the packages got on this machine, else what is checked in
FRESH_RESULTS = os.environ.get("METATENSOR_SAVED_RESULTS")
LEGACY, CURRENT = "metatensor-torch-0.7.6", "metatomic-torch-0.1.19"
NAMES = sorted(path.name[: -len(".results.pt")] for path in (FOLDER / LEGACY).glob("*.results.pt"))
CURRENT_NAMES = sorted(path.name[: -len(".results.pt")] for path in (FOLDER / CURRENT).glob("*.results.pt"))
MODELS = [(LEGACY, name) for name in NAMES] + [(CURRENT, name) for name in CURRENT_NAMES]
every_model = pytest.mark.parametrize("folder, name", MODELS, ids=lambda text: text)
PAIR_NAMES = ["first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"]


def results_of(folder, name):
    return torch.load(pathlib.Path(FRESH_RESULTS or FOLDER) / folder / f"{name}.results.pt")


class Today:
    """How an engine of today calls a model."""

    System, Options = System, ModelEvaluationOptions
    register_autograd_neighbors = staticmethod(register_autograd_neighbors)

    @staticmethod
    def output(declared, unit, per_atom):
        kind = declared.sample_kind
        if kind != "atom_pair":
            kind = "atom" if per_atom else "system"
        return ModelOutput(unit=unit, sample_kind=kind, explicit_gradients=declared.explicit_gradients)


class Before:
    """How an engine from before metatomic calls a model."""

    System = torch.classes.metatensor.System
    Options = torch.classes.metatensor.ModelEvaluationOptions
    register_autograd_neighbors = staticmethod(torch.ops.metatensor.register_autograd_neighbors)

    @staticmethod
    def output(declared, unit, per_atom):
        return torch.classes.metatensor.ModelOutput(declared.quantity, unit, per_atom, declared.explicit_gradients)


def make_systems(model, saved, engine):
    systems = []
    for s in range(2):
        types, positions, cell, pbc = (saved[f"{s}.{name}"] for name in ["types", "positions", "cell", "pbc"])
        system = engine.System(types, positions.clone().requires_grad_(True), cell, pbc)
        for n, request in enumerate(model.requested_neighbor_lists()):
            block = TensorBlock(
                saved[f"{s}.{n}.vectors"].clone(),
                Labels(PAIR_NAMES, saved[f"{s}.{n}.samples"]),
                [Labels("xyz", torch.arange(3).reshape(3, 1))],
                Labels("distance", torch.zeros(1, 1, dtype=torch.int32)),
            )
            engine.register_autograd_neighbors(system, block, True)
            system.add_neighbor_list(request, block)
        for key in [key for key in saved if key.startswith(f"{s}.data.")]:
            add_data(system, key[len(f"{s}.data.") :], saved[key])
        systems.append(system)
    return systems


def add_data(system, name, values):
    """Data of the engine: of the whole system if there is one row, else of its atoms."""
    rows = torch.arange(len(values)).reshape(-1, 1)
    samples = Labels("system", rows)
    if len(values) == len(system):
        samples = Labels(["system", "atom"], torch.cat([torch.zeros_like(rows), rows], dim=1))
    properties = Labels(name.split("::")[-1], torch.zeros(1, 1, dtype=torch.int32))
    data = TensorMap(Labels("_", torch.tensor([[0]])), [TensorBlock(values, samples, [], properties)])
    data.set_info("unit", DATA_UNITS[name])
    system.add_data(name, data)


def run(model, saved, engine, check):
    """Of the dictionary that run_models.py wrote, the results, from our run on the same systems."""
    systems = make_systems(model, saved, engine)
    declared = model.capabilities().outputs
    results = {}
    for prefix in ["", "atom:", "selected:"]:
        names = [key[len(prefix) : -len(".values")] for key in saved if re.match(prefix + "[^.:]*(::[^.]*)?.values$", key)]
        selected = Labels(["system", "atom"], SELECTED) if prefix == "selected:" else None
        requested = {}
        for name in names:
            per_atom = prefix == "atom:" or name == "non_conservative_forces"
            requested[name] = engine.output(declared[name], ENGINE_UNITS[declared[name].unit], per_atom)
        if not requested:
            continue
        outputs = model(systems, engine.Options("nm", requested, selected), check)
        assert set(outputs) == set(names)
        for name, output in outputs.items():
            results.update(recorded(prefix + name, output))
        if prefix == "":
            energy = outputs["energy"].block().values.sum()
            for s, gradient in enumerate(torch.autograd.grad(energy, [system.positions for system in systems])):
                results[f"{s}.forces"] = -gradient
    return results


#: What systems are made of: see run_models.py
INPUT = re.compile(r"\d\.(types|positions|cell|pbc|data\..*|\d\.(samples|vectors))")


def check_results(results, saved, tolerance):
    expected = {key: value for key, value in saved.items() if not INPUT.fullmatch(key)}
    assert results.keys() == expected.keys()
    for key, value in expected.items():
        if not key.endswith((".values", ".forces")):  # labels, and names of their dimensions
            assert results[key] == value if isinstance(value, list) else torch.equal(results[key], value), key
            continue
        largest = float(value.abs().max())
        # forces on an atom are a sum over pairs, which each implementation takes in its own order
        rounding = rounding_of(value.dtype) if key.endswith(".forces") else 0.0
        torch.testing.assert_close(
            results[key], value, rtol=0, atol=max(tolerance, rounding) * largest, msg=lambda text: f"{key}: {text}"
        )


def rounding_of(dtype):
    return 1e-13 if dtype == torch.float64 else 5e-6


def tolerance_for(folder, name):
    """Relative deviations of outputs: processors and versions of torch round in other ways."""
    if folder == LEGACY and name in ["springs", "atomic-units"]:
        return 1e-8  # what 1 kcal/mol and 1 hartree are: the old one had 8 digits
    if FRESH_RESULTS:  # with torch 2.3.1, whose standard deviations are not rounded as today's
        return 1e-15 if (folder, name) == (LEGACY, "committee") else 0.0
    return rounding_of(torch.float32 if "float32" in name else torch.float64)


@pytest.mark.filterwarnings("ignore:.*(deprecated|is now called).*")
@pytest.mark.parametrize("check", [True, False])
@every_model
def test_results_of_loaded_model(folder, name, check):
    saved = results_of(folder, name)
    model = load_atomistic_model(FOLDER / folder / f"{name}.pt")
    assert isinstance(model, AtomisticModel)
    check_results(run(model, saved, Today, check), saved, tolerance_for(folder, name))


def test_there_are_enough_of_them():
    assert len(NAMES) >= 10 and len(CURRENT_NAMES) >= 13


@pytest.mark.filterwarnings("ignore:.*(deprecated|is now called).*")
@pytest.mark.parametrize(
    "folder, name",
    [(LEGACY, "springs"), *[(CURRENT, name) for name in ["committee", "gradients", "inputs", "many-outputs", "variants"]]],
)
def test_loaded_model_can_be_saved_again(folder, name, tmp_path):
    """What is saved has no operator of our own around the model: it is run as it stands in the file, too."""
    load_atomistic_model(FOLDER / folder / f"{name}.pt").save(tmp_path / "again.pt")
    saved = results_of(folder, name)
    for load in [load_atomistic_model, lambda path: torch.jit.load(str(path))]:
        for check in [True, False]:
            again = load(tmp_path / "again.pt")
            check_results(run(again, saved, Today, check), saved, tolerance_for(folder, name))


# torch.jit.load can not bring the calls of keys_to_properties in "dense" up to date: see old_calls.hpp
@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("name", [name for name in NAMES if name != "dense"])
def test_scripts_from_before_metatomic_still_work(name, check):
    saved = results_of(LEGACY, name)
    model = torch.jit.load(str(FOLDER / LEGACY / f"{name}.pt"))
    check_results(run(model, saved, Before, check), saved, tolerance_for(LEGACY, name))


def test_importing_metatensor_is_enough_for_models_from_before_metatomic():
    code = "import sys, torch, metatensor.torch; print(torch.jit.load(sys.argv[1]).capabilities().length_unit)"
    command = [sys.executable, "-c", code, str(FOLDER / LEGACY / "springs.pt")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "angstrom"


@pytest.mark.parametrize("folder", [LEGACY, CURRENT])
def test_what_a_model_says_of_itself(folder):
    path = FOLDER / folder / "many-outputs.pt"
    model = load_atomistic_model(path)
    capabilities = model.capabilities()
    assert capabilities.atomic_types == [1, 8]
    assert capabilities.interaction_range == 3.5
    assert capabilities.length_unit == "angstrom"
    assert capabilities.supported_devices == ["cpu", "cuda"]
    assert capabilities.dtype == "float64"
    # as the model calls them, and as engines of today do
    for name in ["features", "feature", "non_conservative_forces", "non_conservative_force", "mine::shifted"]:
        assert name in capabilities.outputs
    assert capabilities.outputs["energy"].unit == "eV"
    for metadata in [model.metadata(), read_model_metadata(str(path))]:
        assert metadata.name == "many-outputs"
        assert metadata.authors == ["The authors <authors@example.org>"]
        assert metadata.references == {"model": ["A reference"], "architecture": ["Another one"]}
        assert metadata.extra == {"key": "value"}
    (request,) = model.requested_neighbor_lists()
    assert (request.cutoff, request.full_list, request.strict) == (3.0, True, True)


LEGACY_CLASSES = [
    "ModelCapabilities",
    "ModelEvaluationOptions",
    "ModelMetadata",
    "ModelOutput",
    "NeighborListOptions",
    "System",
]


def test_legacy_classes_have_all_members_of_todays():
    pattern = re.compile(rf"metatomic\.({'|'.join(LEGACY_CLASSES)})\b")
    schemas = [line for line in interface.registered_schemas() if line.startswith("metatomic.")]
    assert len(schemas) > 80
    missing = {pattern.sub(r"metatensor.\1", line) for line in schemas} - set(interface.registered_schemas())
    assert not missing


def arguments_of(schema):
    """Name of what is called, types of its arguments by position, and which of these have a default."""
    name, rest = schema.split("(", 1)
    rest = re.sub(r"Dict\(str, ([^()]*)\)", r"Dict<str; \1>", rest.rsplit(") -> ", 1)[0])
    arguments = [argument for argument in rest.split(", ") if argument]
    types = [argument.split("=")[0].rsplit(" ", 1)[0] for argument in arguments]
    return name, types, ["=" in argument for argument in arguments]


def test_all_calls_that_legacy_models_can_have_are_there():
    """Saved code names what it calls, and gives all arguments by position: new ones at the end have defaults."""
    ours = {}
    for line in interface.registered_schemas():
        name, types, has_default = arguments_of(line)
        ours.setdefault(name.split(".")[0] if "::" in name else name, []).append((types, has_default))
    legacy = (FOLDER / LEGACY / "interface.txt").read_text().splitlines()
    assert len(legacy) > 150
    for line in legacy:
        name, types, _ = arguments_of(line)
        fits = [
            all(given in [wanted, "bool"] if wanted == "Any" else given == wanted for given, wanted in zip(types, our_types))
            and len(our_types) >= len(types)
            and all(has_default[len(types) :])
            for our_types, has_default in ours.get(name, [])
        ]
        assert any(fits) or line in NOT_ANY_MORE, line


# The second argument is `fill_value` now; load_atomistic_model changes such calls, as the model "dense" shows.
NOT_ANY_MORE = {
    "metatensor.TensorMap.keys_to_properties(metatensor.TensorMap _0, Any keys_to_move, bool sort_samples=True) -> metatensor.TensorMap",
    "metatensor.TensorMap.keys_to_samples(metatensor.TensorMap _0, Any keys_to_move, bool sort_samples=True) -> metatensor.TensorMap",
}


def legacy_members(labels: Labels, tensor: TensorMap):
    view = labels.view(["b"])
    return view.values, view.is_view(), view.to_owned().names, tensor.blocks_matching(labels.view("a"))


def test_members_that_only_old_models_use():
    labels = Labels(["a", "b"], torch.tensor([[1, 5]]))
    block = TensorBlock(torch.ones(1, 1), Labels("s", torch.tensor([[0]])), [], Labels("p", torch.tensor([[0]])))
    keys = Labels(["a", "b"], torch.tensor([[1, 2], [0, 2], [1, 3]]))
    tensor = TensorMap(keys, [block.copy() for _ in range(3)])
    values, is_view, names, matching = torch.jit.script(legacy_members)(labels, tensor)
    assert values.tolist() == [[5]]
    assert not is_view
    assert names == ["b"]
    assert matching == [0, 2]


def test_the_old_place_of_the_classes():
    from metatensor.torch.atomistic import MetatensorAtomisticModel
    from metatensor.torch.atomistic import System as OldSystem

    assert MetatensorAtomisticModel is AtomisticModel
    assert OldSystem is System
    assert metatensor.torch.atomistic.ModelOutput is ModelOutput


def test_data_of_any_name_in_systems_from_before_metatomic():
    system = Before.System(torch.tensor([1]), torch.zeros(1, 3), torch.zeros(3, 3), torch.zeros(3, dtype=torch.bool))
    block = TensorBlock(torch.ones(1, 1), Labels("atom", torch.tensor([[0]])), [], Labels("p", torch.tensor([[0]])))
    data = TensorMap(Labels("_", torch.tensor([[0]])), [block])
    system.add_data("my_own-name", data)
    system.add_data("my_own-name", data, True)
    assert system.known_data() == ["my_own-name"]
    assert torch.equal(system.get_data("my_own-name").block().values, torch.ones(1, 1))
    with pytest.raises(ValueError, match="can not be named 'positions'"):
        system.add_data("positions", data)
    with pytest.raises(ValueError, match="my name"):
        system.add_data("my name", data)
