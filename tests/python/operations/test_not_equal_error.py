# SPDX-License-Identifier: BSD-3-Clause
"""What differs arrives in Python as NotEqualError."""

import pytest
import torch
from make_data import Data

import metatensor.torch as mts
from metatensor_torch import _eager


needs_binding = pytest.mark.skipif(_eager._binding is None, reason="the extension module is not built")


@needs_binding
@pytest.mark.parametrize("operators", [mts, torch.ops.metatensor], ids=["function", "operator"])
def test_class_and_path(operators):
    data = Data()
    with pytest.raises(mts.NotEqualError, match=r"the values in the block with key \(k=2, l=0\) differ"):
        operators.equal_raise(data.map(0), data.map(1))
    with pytest.raises(mts.NotEqualError, match=r"must have gradients with respect to the same parameters \(for the key"):
        operators.add(data.map(0), data.map(0, gradients=False))


def test_is_a_value_error():
    data = Data()
    with pytest.raises(ValueError):
        mts.add(data.map(0), data.map(0, n_samples=1))


def test_scripted_code_raises_the_text():
    @torch.jit.script
    def call(a: mts.TensorMap, b: mts.TensorMap):
        mts.equal_raise(a, b)

    data = Data()
    with pytest.raises(RuntimeError, match="the values in the block with key"):
        call(data.map(0), data.map(1))
