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
