# SPDX-License-Identifier: BSD-3-Clause
"""Names that begin with an underscore, and that packages which are written for metatensor-torch use all the same."""

import os
from typing import List

import pytest
import torch

import metatensor.torch
import metatomic.torch
from metatensor.torch import Labels, TensorBlock
from metatensor.torch.operations._add import _add_block_block
from metatensor.torch.operations._multiply import _multiply_block_constant


@pytest.mark.parametrize("package", [metatensor.torch, metatomic.torch])
def test_libraries_for_extensions(package):
    """Extensions load what they are linked to before they load their own library."""
    package._c_lib._load_library()
    assert os.path.exists(package._c_lib._lib_path())


class Differences(torch.nn.Module):
    """a - 2 b."""

    def forward(self, a: TensorBlock, b: TensorBlock) -> List[TensorBlock]:
        return [_add_block_block(a, _multiply_block_constant(b, -2.0))]


def block(values: List[float]) -> TensorBlock:
    properties = Labels.range("p", 1)
    result = TensorBlock(torch.tensor(values)[:, None], Labels.range("s", len(values)), [], properties)
    gradient = 10 * torch.tensor(values)[:, None]
    result.add_gradient("x", TensorBlock(gradient, Labels.range("sample", len(values)), [], properties))
    return result


def test_sums_and_multiples_of_blocks(tmp_path):
    """As metatrain calls them, also in the models that it saves."""
    a, b = block([1.0, 2.0]), block([0.5, -3.0])
    tensor = metatensor.torch.TensorMap(Labels.range("k", 2), [a.copy(), b.copy()])
    scripted = torch.jit.script(Differences())
    scripted.save(str(tmp_path / "differences.pt"))
    for module in [Differences(), scripted, torch.jit.load(str(tmp_path / "differences.pt"))]:
        for blocks in [[a, b], tensor.blocks()]:
            (result,) = module(*blocks)
            assert result.values.tolist() == [[0.0], [8.0]]
            assert result.gradient("x").values.tolist() == [[0.0], [80.0]]
            metatensor.torch.TensorMap(Labels.single(), [result])  # is not a part of another map
    assert a.values.tolist() == [[1.0], [2.0]]

    other = TensorBlock(torch.ones(2, 1), Labels.range("t", 2), [], Labels.range("p", 1))
    with pytest.raises(metatensor.torch.NotEqualError):
        _add_block_block(a, other)
