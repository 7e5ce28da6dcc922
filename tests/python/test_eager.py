# SPDX-License-Identifier: BSD-3-Clause
"""Eager calls: Python classes whose instances are torch's, with the results and errors of torch's binding."""

import copy
import copyreg
import inspect
import io
import os
import pickle
import subprocess
import sys
import timeit
from typing import Dict, List, NamedTuple, Optional, Tuple, Union

import pytest
import torch

import metatensor_torch
import metatomic.torch
from metatensor_torch import Labels, LabelsEntry, TensorBlock, TensorMap, _eager
from metatomic.torch import ModelOutput, NeighborListOptions, System


if _eager._binding is None:
    pytest.skip("built without the extension module", allow_module_level=True)


def column(name: str, size: int) -> Labels:
    return Labels(name, torch.arange(size, dtype=torch.int32).reshape(-1, 1))


def example_block() -> TensorBlock:
    return TensorBlock(torch.arange(6.0).reshape(3, 2), column("sample", 3), [], column("property", 2))


def example_map() -> TensorMap:
    return TensorMap(column("key", 2), [example_block(), example_block()])


def in_torch(method: str, instance: torch.ScriptObject, *arguments, **keywords):
    """The same call through torch's own binding."""
    return instance._get_method(method)(*arguments, **keywords)


def as_text(value) -> str:
    return f"{type(value).__name__} {value}"


CALLS = {
    "tensor of any": lambda: (column("a", 3), "position", [torch.tensor([2])], {}),
    "list of any": lambda: (column("a", 3), "position", [[1]], {}),
    "tuple of any": lambda: (column("a", 3), "position", [(1,)], {}),
    "entry of any": lambda: (column("a", 3), "position", [column("a", 2)[1]], {}),
    "not there": lambda: (column("a", 3), "position", [[7]], {}),
    "object": lambda: (column("a", 3), "union_and_mapping", [column("a", 5)], {}),
    "boolean": lambda: (column("a", 3), "__eq__", [column("a", 3)], {}),
    "integer": lambda: (column("a", 3), "entry", [-1], {}),
    "list of integers": lambda: (example_map(), "blocks_by_id", [[1, 0]], {}),
    "tuple for a list": lambda: (example_map(), "blocks_by_id", [(1,)], {}),
    "string": lambda: (column("a", 3), "column", ["a"], {}),
    "keyword": lambda: (column("a", 3), "print", [], {"indent": 3, "max_entries": 2}),
    "default": lambda: (column("a", 3), "print", [2], {}),
    "dict of any": lambda: (example_map(), "block", [{"key": 1}], {}),
    "labels of any": lambda: (example_map(), "block", [column("key", 1)], {}),
    "none of any": lambda: (TensorMap(column("key", 1), [example_block()]), "block", [None], {}),
    "list of strings of any": lambda: (example_map(), "keys_to_samples", [["key"]], {}),
    "float of scalar": lambda: (example_map(), "keys_to_samples", ["key"], {"fill_value": 2.5}),
    "integer of scalar": lambda: (example_map(), "keys_to_samples", ["key", 2, False], {}),
    "dtype of any": lambda: (example_block(), "to", [torch.float64], {}),
    "dtype": lambda: (example_block(), "to", [], {"dtype": torch.float64, "device": torch.device("meta")}),
    "device of any": lambda: (example_block(), "to", [torch.device("meta"), torch.float64], {}),
    "string of any": lambda: (column("a", 3), "to", ["meta"], {}),
    "integer for a float": lambda: (NeighborListOptions(3, True, False), "engine_cutoff", ["angstrom"], {}),
    "list of objects": lambda: (example_map(), "items", [], {}),
    "dictionary": lambda: (example_map(), "info", [], {}),
}


@pytest.mark.parametrize("name", CALLS)
def test_calls_return_what_torch_does(name):
    instance, method, arguments, keywords = CALLS[name]()
    result = getattr(instance, method)(*arguments, **keywords)
    instance, method, arguments, keywords = CALLS[name]()
    assert as_text(result) == as_text(in_torch(method, instance, *arguments, **keywords))


# What only torch's own conversion takes, such as numpy's numbers.
@pytest.mark.parametrize("index", [torch.tensor(1), pytest.importorskip("numpy").int64(1)])
def test_unusual_arguments_are_left_to_torch(index):
    assert example_map().block_by_id(index).values.shape == (3, 2)


WRONG_CALLS = [
    lambda call: call("entry", column("a", 3), 3),
    lambda call: call("entry", column("a", 3), "a"),
    lambda call: call("entry", column("a", 3)),
    lambda call: call("entry", column("a", 3), 1, 2),
    lambda call: call("entry", column("a", 3), wrong=2),
    lambda call: call("entry", column("a", 3), 2**70),
    lambda call: call("union", column("a", 3), column("b", 3)),
    lambda call: call("union", column("a", 3), example_block()),
    lambda call: call("union", column("a", 3), None),
    lambda call: call("column", column("a", 3), "\ud800"),
    lambda call: call("position", column("a", 3), [1, "a"]),
    lambda call: call("position", column("a", 3), {}),
    lambda call: call("__eq__", column("a", 3), 3),
    lambda call: call("block", example_map(), {"key": 7}),
    lambda call: call("print", column("a", 3), max_entries=1, indent=2.5),
]


@pytest.mark.parametrize("wrong_call", WRONG_CALLS)
def test_errors_are_those_of_torch(wrong_call):
    with pytest.raises(Exception) as expected:
        wrong_call(in_torch)
    with pytest.raises(type(expected.value)) as error:
        wrong_call(lambda method, instance, *arguments, **keywords: getattr(instance, method)(*arguments, **keywords))
    assert str(error.value) == str(expected.value)


def test_constructors_and_their_errors():
    assert Labels(names="a", values=torch.zeros(1, 1, dtype=torch.int32)) == column("a", 1)
    assert Labels(["a"], torch.zeros(1, 1, dtype=torch.int32), True) == column("a", 1)
    for arguments in [(), ("a",), ("a", 3), ("a b", torch.zeros(1, 1, dtype=torch.int32))]:
        with pytest.raises(Exception) as expected:
            torch.classes.metatensor.Labels(*arguments)
        with pytest.raises(type(expected.value)) as error:
            Labels(*arguments)
        assert str(error.value) == str(expected.value)
    with pytest.raises(TypeError, match="LabelsEntry has no constructor"):
        LabelsEntry()
    with pytest.raises(TypeError, match="not an acceptable base type"):
        type("Derived", (Labels,), {})


def test_methods_check_what_they_are_called_on():
    with pytest.raises(TypeError, match="'union' needs an instance of Labels, got 'TensorBlock'"):
        Labels.union(example_block(), column("a", 1))
    with pytest.raises(TypeError, match="must be called on an object"):
        Labels.union()
    with pytest.raises(TypeError):
        Labels.names.__get__(example_block())
    with pytest.raises(TypeError, match="needs an instance"):
        Labels.union(Labels.__new__(Labels), column("a", 1))


@torch.jit.script
def made_in_torchscript(labels: Labels) -> Tuple[LabelsEntry, List[Labels], Dict[str, TensorBlock], Optional[Labels]]:
    values = torch.zeros(len(labels), 1)
    single = Labels("p", torch.zeros(1, 1, dtype=torch.int32))
    return labels.entry(0), [labels, single], {"block": TensorBlock(values, labels, [], single)}, None


def test_objects_are_instances_of_the_classes_wherever_they_come_from():
    labels = column("a", 2)
    entry, both, blocks, nothing = made_in_torchscript(labels)
    assert type(entry) is LabelsEntry and nothing is None
    assert [type(one) for one in both] == [Labels, Labels]
    assert type(blocks["block"]) is TensorBlock
    assert type(torch.ops.metatensor.load_labels_buffer(labels.save_buffer())) is Labels
    assert type(torch.classes.metatensor.Labels.single()) is Labels
    for value in [labels, example_block(), example_map()]:
        copies = [copy.deepcopy(value)] + [pickle.loads(pickle.dumps(value, protocol)) for protocol in range(6)]
        assert {type(one) for one in copies} == {type(value)}
        assert {str(one) for one in copies} == {str(value)}
        assert isinstance(value, torch.ScriptObject)
        assert b"metatensor_torch" not in pickle.dumps(value)
    assert isinstance(labels, Labels) and not isinstance(labels, TensorBlock)
    assert torch.jit.isinstance([labels], List[Labels])
    assert {labels: 1}[labels] == 1 and labels in [labels]


def test_checkpoints(tmp_path):
    torch.save({"labels": column("a", 3)}, tmp_path / "checkpoint.pt")
    with torch.serialization.safe_globals([torch.ScriptObject, copyreg.__newobj__]):
        checkpoint = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert checkpoint["labels"] == column("a", 3)


def test_iteration():
    assert [str(entry) for entry in column("a", 2)] == ["LabelsEntry(a=0)", "LabelsEntry(a=1)"]
    assert list(column("a", 2)[1]) == [1]
    assert [block.shape for block in example_map()] == [[3, 2], [3, 2]]


class Pair(NamedTuple):
    labels: Labels
    block: TensorBlock


class Everything(torch.nn.Module):
    def __init__(self, labels: Labels, maps: Dict[str, TensorMap]):
        super().__init__()
        self.labels = labels
        self.maps = maps
        self.annotated = torch.jit.Attribute([labels], List[Labels])

    def forward(self, block: TensorBlock, options: NeighborListOptions, anything: Union[int, Labels]):
        pair = Pair(self.labels, block)
        if torch.jit.isinstance(anything, Labels):
            assert len(anything) == 2
        maps: Dict[str, TensorMap] = {}
        maps["map"] = TensorMap(Labels("k", torch.zeros(1, 1, dtype=torch.int32)), [pair.block.copy()])
        blocks = torch.jit.annotate(List[metatensor_torch.TensorBlock], [])
        blocks.append(maps["map"][0])
        output = ModelOutput(unit="eV")
        return maps, blocks, output, options.cutoff + len(self.annotated), len(self.maps)


def test_scripted_code():
    module = torch.jit.script(Everything(column("a", 2), {"m": example_map()}))
    buffer = io.BytesIO()
    torch.jit.save(module, buffer)
    buffer.seek(0)
    for scripted in [module, torch.jit.load(buffer)]:
        maps, blocks, output, number, size = scripted(
            example_block(), NeighborListOptions(1.5, True, True), column("a", 2)
        )
        assert type(maps["map"]) is TensorMap and type(blocks[0]) is TensorBlock
        assert type(output) is ModelOutput and output.unit == "eV"
        assert (number, size) == (2.5, 1)
    assert "metatensor_torch" not in str(module.inlined_graph)


def test_static_methods_in_scripted_code():
    @torch.jit.script
    def ranges(size: int) -> Labels:
        return metatensor_torch.Labels.range("a", size)

    assert ranges(3) == Labels.range("a", 3)


class Traced(torch.nn.Module):
    def __init__(self, block: TensorBlock):
        super().__init__()
        self.block = block

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return self.block.copy().values + values


def test_traced_code_records_calls():
    traced = torch.jit.trace(Traced(example_block()), torch.ones(3, 2))
    assert 'prim::CallMethod[name="copy"]' in str(traced.graph)
    assert 'name="values_getter"' in str(traced.graph)
    assert torch.equal(traced(torch.zeros(3, 2)), torch.arange(6.0).reshape(3, 2))


def test_operators():
    save_buffer = _eager.fast_op("metatensor::save_buffer")
    assert torch.equal(save_buffer(column("a", 3)), torch.ops.metatensor.save_buffer(column("a", 3)))
    assert torch.equal(save_buffer(data=column("a", 3)), column("a", 3).save_buffer())
    with pytest.raises(Exception) as expected:
        torch.ops.metatensor.save_buffer(3)
    with pytest.raises(type(expected.value)) as error:
        save_buffer(3)
    assert str(error.value) == str(expected.value)
    assert metatensor_torch.dtype_name(torch.float16) == "torch.float16"
    assert metatomic.torch.pick_device(["cpu"], None) == "cpu"
    with pytest.raises(AttributeError):
        _eager.fast_op("metatensor::no_such_operator")


def test_operators_with_unions_of_types_take_the_fast_way():
    tensor = example_map()
    for other in [tensor, 2, 2.5]:
        expected = torch.ops.metatensor.add(tensor, other)
        assert torch.equal(metatensor_torch.add(tensor, other)[0].values, expected[0].values)
        fast = min(timeit.repeat(lambda: metatensor_torch.add(tensor, other), number=50))
        assert fast < min(timeit.repeat(lambda: torch.ops.metatensor.add(tensor, other), number=50))
    with pytest.raises(RuntimeError, match="add"):
        metatensor_torch.add(tensor, "a")


def test_function_modes_see_operators():
    class Recorder(torch.overrides.TorchFunctionMode):
        functions = []

        def __torch_function__(self, function, types, arguments=(), keywords=None):
            self.functions.append(str(function))
            return function(*arguments, **(keywords or {}))

    with Recorder():
        metatensor_torch.dtype_name(torch.float16)
    assert "metatensor.dtype_name" in Recorder.functions


@pytest.mark.parametrize("python_class", [Labels, LabelsEntry, TensorBlock, TensorMap, System, ModelOutput])
def test_documentation(python_class):
    assert python_class.__doc__ and python_class.__module__ in ["metatensor_torch", "metatomic.torch"]
    for name, member in vars(python_class).items():
        if not name.startswith("_"):
            assert member.__doc__, f"{python_class.__name__}.{name}"
    assert getattr(sys.modules[python_class.__module__], python_class.__name__) is python_class


def test_signatures():
    assert list(inspect.signature(Labels).parameters) == ["names", "values", "assume_unique"]
    assert list(inspect.signature(Labels.union).parameters) == ["self", "other"]
    assert list(inspect.signature(Labels.range).parameters) == ["name", "end"]
    assert list(inspect.signature(metatensor_torch.dtype_name).parameters) == ["dtype"]
    assert inspect.signature(Labels.union).return_annotation == "Labels"
    assert "union" in dir(column("a", 1)) and "values" in dir(column("a", 1))


def test_calls_are_much_faster_than_through_torch():
    block, labels = example_block(), column("a", 3)
    arguments = (torch.zeros(3, 2), block.samples, [], block.properties)
    calls = [
        (lambda: TensorBlock(*arguments), lambda: torch.classes.metatensor.TensorBlock(*arguments)),
        (lambda: labels.position([1]), lambda: in_torch("position", labels, [1])),
        (lambda: block.samples, lambda: in_torch("samples_getter", block)),
    ]
    for fast, slow in calls:
        assert 2 * min(timeit.repeat(fast, number=200)) < min(timeit.repeat(slow, number=200))


def test_everything_works_without_the_extension():
    tests = os.path.join(os.path.dirname(__file__), "test_metatensor.py")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tests]
    environment = dict(os.environ, METATENSOR_TORCH_NO_BINDING="1")
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout
