# SPDX-License-Identifier: BSD-3-Clause
"""Loops over memory give what calls of torch give: autograd recording the values takes the latter."""

import pytest
import torch
from examples_arithmetic import arithmetic_examples
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
