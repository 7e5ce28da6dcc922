# SPDX-License-Identifier: BSD-3-Clause
"""Every operation in the ways in which torch changes how it runs: automatic mixed precision, frozen modules, dispatch
modes, torch.func."""

import contextlib
import io
from typing import Dict

import pytest
import torch
from make_data import Data
from test_conformance import ReplayedData, Scripted, all_examples, same, tensors_of
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatensor_torch import _eager


#: made of products of matrices, which torch.autocast computes in its own type
PRODUCTS = ["dot"]


@all_examples
def test_autocast_changes_products_of_matrices_only(example):
    if "float32" not in example.dtypes.split():
        pytest.skip("no result has the type of the values")
    expected = getattr(mts, example.operation)(**example.arguments(Data(dtype=torch.float32)))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        result = getattr(mts, example.operation)(**example.arguments(Data(dtype=torch.float32)))
    if example.operation in PRODUCTS:
        # the values and all gradients have one type, as blocks must
        assert {tensor.dtype for tensor in tensors_of(result)} == {torch.bfloat16}
        for actual, wanted in zip(tensors_of(result), tensors_of(expected), strict=True):
            torch.testing.assert_close(actual.float(), wanted, rtol=0.02, atol=0.02)
    elif not example.deterministic:
        assert [(t.shape, t.dtype) for t in tensors_of(result)] == [(t.shape, t.dtype) for t in tensors_of(expected)]
    elif example.rounded:
        mts.allclose_raise(result, expected, rtol=1e-4, atol=1e-5)
    else:
        assert same(result, expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("with_autocast", [True, False])
def test_backward_of_a_product_under_autocast(dtype, with_autocast):
    data = Data(dtype=dtype, requires_grad=True)
    context = torch.autocast("cpu", dtype=torch.bfloat16) if with_autocast else contextlib.nullcontext()
    with context:
        total = mts.dot(data.map(0), data.map(1, n_samples=5, n_components=0, gradients=False))
        summed = mts.sum_over_samples(total, "atom")
        loss = sum(t.float().sum() for t in tensors_of(summed))
    for derivative, leaf in zip(torch.autograd.grad(loss, data.leaves, allow_unused=True), data.leaves, strict=True):
        assert derivative is not None and derivative.dtype == dtype and bool(derivative.isfinite().all())


@all_examples
def test_frozen_module(example, tmp_path):
    """torch.jit.freeze keeps the result, also when it was saved and loaded again"""
    arguments = example.arguments(Data())
    expected = getattr(mts, example.operation)(**arguments)
    frozen = torch.jit.freeze(Scripted(tmp_path).module(example, arguments).eval())
    buffer = io.BytesIO()
    torch.jit.save(frozen, buffer)
    buffer.seek(0)
    for module in [frozen, torch.jit.load(buffer)]:
        for _ in range(3):  # the executor optimizes in the second call
            result = module(**arguments)
        if not example.deterministic:
            assert [t.shape for t in tensors_of(result)] == [t.shape for t in tensors_of(expected)]
        elif example.rounded:
            mts.allclose_raise(result, expected)
        else:
            assert same(result, expected)


class Readout(torch.nn.Module):
    """Parameters, labels and a map that belong to the module: what freezing makes constants of"""

    def __init__(self):
        super().__init__()
        block = TensorBlock(torch.eye(3), Labels.range("out", 3), [], Labels.range("p", 3))
        self.weights = TensorMap(Labels.single(), [block])
        self.scale = torch.nn.Parameter(torch.tensor(2.0))
        self.selected = Labels("system", torch.tensor([[1]], dtype=torch.int32))

    def forward(self, tensor: TensorMap) -> TensorMap:
        block = tensor.block(0)
        scaled = TensorBlock(block.values * self.scale, block.samples, block.components, block.properties)
        total = mts.sum_over_samples(TensorMap(tensor.keys, [scaled]), "atom")
        return mts.dot(mts.slice(total, "samples", self.selected), self.weights)


def test_frozen_module_with_attributes():
    samples = Labels(["system", "atom"], torch.tensor([[0, 0], [1, 0], [1, 1]], dtype=torch.int32))
    block = TensorBlock(torch.arange(9.0).reshape(3, 3), samples, [], Labels.range("p", 3))
    tensor = TensorMap(Labels.single(), [block])
    frozen = torch.jit.freeze(torch.jit.script(Readout()).eval())
    for _ in range(3):
        result = frozen(tensor).block(0)
    assert result.values.tolist() == [[18.0, 22.0, 26.0]]
    assert result.samples == Labels("system", torch.tensor([[1]], dtype=torch.int32))
    assert result.properties == Labels.range("out", 3)


class Watching(TorchDispatchMode):
    """As FlopCounterMode and selective checkpointing do it"""

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        return function(*arguments, **(keywords or {}))


@all_examples
def test_dispatch_modes_keep_derivatives(example):
    if not example.differentiable:
        pytest.skip("the result is no smooth function of values")

    def derivatives(context):
        data = Data(requires_grad=True)
        with context:
            result = getattr(mts, example.operation)(**example.arguments(data))
        loss = sum(t.pow(2).sum() for t in tensors_of(result))
        return torch.autograd.grad(loss, data.leaves, allow_unused=True)

    for actual, wanted in zip(derivatives(Watching()), derivatives(contextlib.nullcontext()), strict=True):
        assert (actual is None) == (wanted is None)
        if wanted is not None:
            torch.testing.assert_close(actual, wanted, rtol=1e-12, atol=1e-12)


def test_dispatch_modes_see_what_an_operation_calls():
    tensor = Data().map(0, gradients=False, n_components=0)
    with FlopCounterMode(display=False) as counter:
        mts.dot(tensor, tensor)
    # two products of [n, p] and [p, n]
    assert counter.get_total_flops() == sum(2 * b.values.shape[0] ** 2 * b.values.shape[1] for b in tensor.blocks())


KEYS = Labels.single()
KEPT = Labels("system", torch.tensor([[3]], dtype=torch.int32))  # torch.func hides the values of labels made in it
IN_FUNC = {
    "add": lambda tensor: mts.add(tensor, tensor),
    "multiply": lambda tensor: mts.multiply(tensor, tensor),
    "pow": lambda tensor: mts.pow(tensor, 3.0),
    "slice": lambda tensor: mts.slice(tensor, "samples", KEPT),
    "join": lambda tensor: mts.join([tensor, tensor], "samples", add_dimension="tensor"),
}


@pytest.mark.parametrize("name", IN_FUNC)
def test_derivatives_of_torch_func(name):
    block = Data().block(0, gradients=False)

    def loss(values: torch.Tensor) -> torch.Tensor:
        made = TensorBlock(values, block.samples, block.components, block.properties)
        return IN_FUNC[name](TensorMap(KEYS, [made])).block().values.pow(2).sum()

    values = block.values.clone().requires_grad_()
    (expected,) = torch.autograd.grad(loss(values), [values])
    torch.testing.assert_close(torch.func.grad(loss)(block.values), expected, rtol=1e-12, atol=1e-12)
    direction = torch.ones_like(block.values)
    _, along = torch.func.jvp(loss, (block.values,), (direction,))
    torch.testing.assert_close(along, expected.sum(), rtol=1e-12, atol=1e-12)


def gradients_in(result) -> Dict[str, int]:
    return {parameter: len(gradient) for parameter, gradient in result.gradients()}


needs_binding = pytest.mark.skipif(_eager._binding is None, reason="torch itself refuses empty lists in unions")


@needs_binding
@pytest.mark.parametrize("name", ["zeros_like", "ones_like", "empty_like", "random_uniform_like"])
def test_empty_list_of_gradients_in_eager_calls(name):
    """An empty list says no type of what is in it"""
    tensor = Data().map(0)
    assert [gradients_in(block) for block in tensor.blocks()] != [{}, {}]
    assert [gradients_in(block) for block in getattr(mts, name)(tensor, gradients=[]).blocks()] == [{}, {}]
    assert gradients_in(getattr(mts, name + "_block")(tensor.block(0), gradients=[])) == {}


@needs_binding
def test_other_empty_lists_in_eager_calls():
    tensor = Data().map(0)
    mts.equal_raise(mts.remove_gradients(tensor, remove=[]), tensor)
    mts.equal_raise(mts.sort(tensor, axes=[]), tensor)
    assert mts.split(tensor, "samples", []) == []
    assert len(mts.slice_block(tensor.block(0), "samples", []).samples) == 0
