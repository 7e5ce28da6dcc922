# SPDX-License-Identifier: BSD-3-Clause
"""Every operation in the ways in which torch changes how it runs: automatic mixed precision, frozen modules."""

import contextlib
import io
from typing import Dict

import pytest
import torch
from make_data import Data
from test_conformance import Scripted, all_examples, same, tensors_of

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
