# SPDX-License-Identifier: BSD-3-Clause
"""Loops over memory give what calls of torch give: autograd recording the values takes the latter."""

import pytest
import torch
from examples_arithmetic import arithmetic_examples
from examples_metadata import join_examples
from examples_rows import selection_examples, sort_examples
from make_data import Data
from test_conformance import tensors_of

import metatensor.torch as mts


@pytest.mark.parametrize("example", arithmetic_examples(), ids=lambda example: example.operation)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_same_as_torch(example, dtype):
    function = getattr(mts, example.operation)
    arguments = example.arguments(Data(dtype=dtype, n_blocks=3))
    recorded = example.arguments(Data(dtype=dtype, n_blocks=3, requires_grad=True))
    looped, called = tensors_of(function(**arguments)), tensors_of(function(**recorded))
    assert not looped[0].requires_grad and called[0].requires_grad
    for actual, expected in zip(looped, called, strict=True):
        tolerance = 4 * torch.finfo(dtype).eps  # torch may round once where the product rule of a loop rounds twice
        torch.testing.assert_close(actual, expected.detach(), rtol=tolerance, atol=tolerance)


MOVING = [*selection_examples(), *sort_examples(), *join_examples()]


@pytest.mark.parametrize("example", MOVING, ids=[f"{i}-{example.operation}" for i, example in enumerate(MOVING)])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64, torch.complex128])
def test_same_elements_as_torch(example, dtype):
    function = getattr(mts, example.operation)
    moved = tensors_of(function(**example.arguments(Data(dtype=dtype, n_blocks=3))))
    called = tensors_of(function(**example.arguments(Data(dtype=dtype, n_blocks=3, requires_grad=True))))
    assert not moved[0].requires_grad and called[0].requires_grad
    for actual, expected in zip(moved, called, strict=True):
        assert actual.is_contiguous() and torch.equal(actual, expected)


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


LARGE = [(300, 40, 50), (1, 700, 800), (700_000, 1), (3, 200_000)]


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("shape", LARGE)
def test_large_tensors(shape):
    """Several threads share these loops"""
    values = torch.randn(shape, dtype=torch.float64)
    block, other = mts.block_from_array(values), mts.block_from_array(values.roll(1, 0))
    tensor, second = (mts.TensorMap(mts.Labels.single(), [b.copy()]) for b in [block, other])
    assert torch.equal(mts.add(tensor, second).block(0).values, values + values.roll(1, 0))
    assert torch.equal(mts.multiply(tensor, 3.5).block(0).values, values * 3.5)
    for axis, dim in [("samples", 0), ("properties", -1)]:
        for places in [torch.randperm(shape[dim]), torch.arange(shape[dim])[1:]]:
            # properties keep their order
            wanted = places if axis == "samples" else places.sort().values
            part = mts.slice_block(block, axis, places).values
            assert torch.equal(part, values.index_select(dim, wanted))
        joined = mts.join([tensor, second, tensor], axis, add_dimension="map").block(0).values
        assert torch.equal(joined, torch.cat([values, values.roll(1, 0), values], dim))


NUMBERS = [0.0, -0.0, 1.0, 1.0 + 1e-6, -1.0, 3e38, 1e-300, float("inf"), float("-inf"), float("nan")]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("equal_nan", [True, False])
@pytest.mark.parametrize(("rtol", "atol"), [(0.0, 0.0), (1e-13, 1e-12), (1e-5, 0.0), (0.0, 1.0), (float("inf"), 0.0)])
def test_allclose_as_torch(dtype, equal_nan, rtol, atol):
    for first in NUMBERS:
        for other in NUMBERS:
            # the place of the difference is in the last of several parts
            a, b = torch.ones(5001, 1, dtype=dtype), torch.ones(5001, 1, dtype=dtype)
            a[-1], b[-1] = first, other
            blocks = mts.block_from_array(a), mts.block_from_array(b)
            expected = torch.allclose(a, b, rtol, atol, equal_nan)
            assert mts.allclose_block(*blocks, rtol, atol, equal_nan) == expected, (first, other)


def test_allclose_refuses_negative_tolerances():
    block = mts.block_from_array(torch.ones(2, 2))
    with pytest.raises(RuntimeError, match="rtol must be greater than or equal to zero"):
        mts.allclose_block(block, block, rtol=-1.0)
