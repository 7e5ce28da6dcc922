# SPDX-License-Identifier: BSD-3-Clause
"""Scripted modules take their labels, blocks and maps along when they move."""

import io
from typing import Dict, List, Tuple

import pytest
import torch

from metatensor.torch import Labels, TensorBlock, TensorMap


def example_map() -> TensorMap:
    labels = Labels.range("a", 2)
    return TensorMap(Labels.single(), [TensorBlock(torch.zeros(2, 2), labels, [], labels)])


class Holder(torch.nn.Module):
    _mts_buffer_names: List[str]

    def __init__(self):
        super().__init__()
        self.labels = Labels.range("a", 2)
        self.block = example_map().block().copy()
        self.map = example_map()
        self.in_list = [example_map()]
        self.in_dict = {"labels": Labels.range("a", 2)}
        self.in_tuple = (3, example_map())
        self.empty = TensorMap(Labels.empty("key"), [])
        self.not_listed = example_map()
        self._mts_buffer_names = ["labels", "block", "map", "in_list", "in_dict", "in_tuple", "empty"]

    def forward(self) -> Tuple[List[torch.device], Dict[str, int]]:
        devices = [self.labels.device, self.block.device, self.map.device, self.in_list[0].device]
        devices += [self.in_dict["labels"].device, self.in_tuple[1].device, self.empty.device, self.not_listed.device]
        dtypes = {"block": self.block.dtype, "map": self.map.dtype, "list": self.in_list[0].dtype}
        dtypes["tuple"] = self.in_tuple[1].dtype
        dtypes["not listed"] = self.not_listed.dtype
        return devices, dtypes


class Outer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Holder()

    def forward(self) -> Tuple[List[torch.device], Dict[str, int]]:
        return self.inner()


@pytest.fixture(params=["scripted", "loaded"])
def module(request):
    scripted = torch.jit.script(Outer())
    if request.param == "scripted":
        return scripted
    buffer = io.BytesIO()
    torch.jit.save(scripted, buffer)
    buffer.seek(0)
    return torch.jit.load(buffer)


NUMBERS = {torch.float32: 6, torch.float64: 7}  # of dtypes in TorchScript


@pytest.mark.parametrize(
    "move", [lambda m: m.to(torch.float64), lambda m: m.double(), lambda m: m.to("cpu", torch.float64)]
)
def test_to_dtype(module, move):
    assert move(module) is module
    _, dtypes = module()
    assert dtypes.pop("not listed") == NUMBERS[torch.float32]
    assert set(dtypes.values()) == {NUMBERS[torch.float64]}


def test_to_device(module):
    module.to("meta")
    devices, dtypes = module()
    assert devices == 7 * [torch.device("meta")] + [torch.device("cpu")]
    assert set(dtypes.values()) == {NUMBERS[torch.float32]}


def test_modules_without_metatensor_data():
    linear = torch.jit.script(torch.nn.Linear(2, 2)).double()
    assert linear.weight.dtype == torch.float64
