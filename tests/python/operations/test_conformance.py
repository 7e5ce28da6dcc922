# SPDX-License-Identifier: BSD-3-Clause
"""Every operation of the table, called in all ways: from Python, as an operator, scripted, saved and loaded."""

import importlib.util
import io
from typing import Any, Dict, List, Sequence

import pytest
import torch
import torch.utils.checkpoint
from example import Example
from examples import EXAMPLES
from make_data import Data

import metatensor.torch as mts


# these have no counterpart in scripted code
NOT_SCRIPTED = {"unsafe_disable_checks", "unsafe_enable_checks"}
# what models from before metatomic call; their place today is the namespace metatomic
OF_MODELS = {"check_atomistic_model", "read_model_metadata", "register_autograd_neighbors", "unit_conversion_factor"}


def operations() -> List[str]:
    """The names in the table of C++."""
    names = {
        schema.name.split("::")[1]
        for schema in torch._C._jit_get_all_schemas()
        if schema.name.startswith("metatensor::")
    }
    return sorted(names - OF_MODELS - {"version", "dtype_name"} - {name for name in names if name.startswith(("load", "save"))})


def test_every_operation_has_an_example():
    assert {example.operation for example in EXAMPLES} == set(operations()) - NOT_SCRIPTED


def test_every_operation_is_a_documented_function_of_python():
    for name in operations():
        assert name in mts.__all__
        assert len(getattr(mts, name).__doc__) > 40


def example_id(example: Example) -> str:
    return f"{EXAMPLES.index(example)}-{example.operation}"


all_examples = pytest.mark.parametrize("example", EXAMPLES, ids=example_id)
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


def script_type(value: Any) -> str:
    if isinstance(value, list):
        return f"List[{script_type(value[0])}]"
    if isinstance(value, torch.ScriptObject):
        return value._type().name().split(".")[-1]
    if isinstance(value, torch.Tensor):
        return "torch.Tensor"
    return "Optional[int]" if value is None else type(value).__name__


class Scripted:
    """Makes scripted modules of calls, each from a Python file as TorchScript wants it."""

    def __init__(self, folder):
        self.folder = folder

    def module(self, example: Example, arguments: Dict[str, Any]) -> torch.jit.ScriptModule:
        declared = "".join(
            f", {name}: {example.types.get(name, script_type(value))}" for name, value in arguments.items()
        )
        passed = ", ".join(f"{name}={name}" for name in arguments)
        path = self.folder / "scripted.py"
        path.write_text(
            "from typing import *\nimport torch\nimport metatensor.torch as mts\n"
            "from metatensor.torch import Labels, TensorBlock, TensorMap\n"
            "class Call(torch.nn.Module):\n"
            f"    def forward(self{declared}):\n        return mts.{example.operation}({passed})\n"
        )
        spec = importlib.util.spec_from_file_location("scripted", path)
        python_module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(python_module)
        return torch.jit.script(python_module.Call())


def saved_and_loaded(module: torch.jit.ScriptModule) -> torch.jit.ScriptModule:
    buffer = io.BytesIO()
    torch.jit.save(module, buffer)
    buffer.seek(0)
    return torch.jit.load(buffer)


def tensors_of(result: Any) -> List[torch.Tensor]:
    """All values in a result, with those of gradients"""
    if isinstance(result, torch.Tensor):
        return [result]
    if isinstance(result, (list, tuple)):
        return [tensor for element in result for tensor in tensors_of(element)]
    if not isinstance(result, torch.ScriptObject):
        return []
    kind = script_type(result)
    if kind == "TensorMap":
        return [tensor for block in result.blocks() for tensor in tensors_of(block)]
    if kind == "TensorBlock":
        return [result.values] + [t for _, gradient in result.gradients() for t in tensors_of(gradient)]
    return []


def same(actual: Any, expected: Any) -> bool:
    """Are the results the same, bit by bit?"""
    if isinstance(expected, (list, tuple)):
        return len(actual) == len(expected) and all(map(same, actual, expected))
    if isinstance(expected, torch.Tensor):
        return actual.dtype == expected.dtype and torch.equal(actual, expected)
    if isinstance(expected, torch.ScriptObject):
        return torch.equal(mts.save_buffer(actual), mts.save_buffer(expected))
    return actual == expected


class ReplayedData(Data):
    """The same data again, made of other tensors"""

    def __init__(self, given: Sequence[torch.Tensor], **options):
        super().__init__(**options)
        self.given = list(given)

    def values(self, seed: int, *shape: int) -> torch.Tensor:
        return self.given.pop(0)


@all_examples
@pytest.mark.parametrize("device", DEVICES)
def test_all_ways_to_call_give_the_same(example, device, tmp_path):
    arguments = example.arguments(Data(device=device))
    name = example.operation
    expected = getattr(mts, name)(**arguments)
    module = Scripted(tmp_path).module(example, arguments)
    results = [
        getattr(mts, name)(*arguments.values()),
        getattr(torch.ops.metatensor, name)(**arguments),
        module(**arguments),
        saved_and_loaded(module)(**arguments),
    ]
    for result in results:
        if not example.deterministic:
            assert [t.shape for t in tensors_of(result)] == [t.shape for t in tensors_of(expected)]
        elif example.rounded:
            mts.allclose_raise(result, expected)
        else:
            assert same(result, expected)


@all_examples
@pytest.mark.parametrize("device", DEVICES)
def test_keeps_dtype_and_device(example, device):
    for dtype_name in example.dtypes.split():
        dtype = getattr(torch, dtype_name)
        result = getattr(mts, example.operation)(**example.arguments(Data(dtype=dtype, device=device)))
        for tensor in tensors_of(result):
            assert tensor.device.type == device
            if tensor.is_floating_point() or tensor.is_complex():
                assert tensor.dtype == dtype


@all_examples
def test_does_not_change_its_arguments(example):
    arguments = example.arguments(Data())
    before = {k: mts.save_buffer(v) for k, v in arguments.items() if isinstance(v, torch.ScriptObject)}
    getattr(mts, example.operation)(**arguments)
    for name, buffer in before.items():
        assert torch.equal(mts.save_buffer(arguments[name]), buffer)


@all_examples
def test_empty_input(example):
    if not example.empty:
        pytest.skip("this operation needs data")
    for data in [Data(n_blocks=0), Data(n_samples=0), Data(n_samples=1)]:
        result = getattr(mts, example.operation)(**example.arguments(data))
        for tensor in tensors_of(result):
            assert tensor.dtype == torch.float64 or not tensor.is_floating_point()


@all_examples
def test_first_and_second_derivatives(example):
    if not example.differentiable:
        pytest.skip("the result is no smooth function of values")
    data = Data(requires_grad=True, n_samples=2)
    example.arguments(data)
    leaves = list(data.leaves)

    def outputs(*values):
        result = getattr(mts, example.operation)(**example.arguments(ReplayedData(values, n_samples=2)))
        return tuple(tensor for tensor in tensors_of(result) if tensor.requires_grad)

    assert torch.autograd.gradcheck(outputs, leaves)
    assert torch.autograd.gradgradcheck(outputs, leaves)


@all_examples
def test_inside_of_a_checkpoint(example):
    """torch.utils.checkpoint computes the values again for the backward pass: with the same derivatives."""
    if not example.differentiable:
        pytest.skip("the result is no smooth function of values")

    def loss(*leaves: torch.Tensor) -> torch.Tensor:
        arguments = example.arguments(ReplayedData(leaves))
        return sum(t.pow(2).sum() for t in tensors_of(getattr(mts, example.operation)(**arguments)))

    data = Data(requires_grad=True)
    example.arguments(data)
    expected = torch.autograd.grad(loss(*data.leaves), data.leaves, allow_unused=True)
    checkpointed = torch.utils.checkpoint.checkpoint(loss, *data.leaves, use_reentrant=False)
    for actual, wanted in zip(torch.autograd.grad(checkpointed, data.leaves, allow_unused=True), expected):
        assert (actual is None) == (wanted is None)
        if wanted is not None:
            torch.testing.assert_close(actual, wanted, rtol=1e-12, atol=1e-12)
