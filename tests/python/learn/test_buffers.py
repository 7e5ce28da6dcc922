# SPDX-License-Identifier: BSD-3-Clause
"""Labels, blocks and maps as buffers of modules."""

import collections
import copy
import io
from typing import Dict, List, Tuple

import pytest
import torch

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatensor.torch.learn import nn


def example(value: float = 1.0) -> TensorMap:
    two = Labels.range("a", 2)
    return TensorMap(Labels.single(), [TensorBlock(torch.full((2, 2), value), two, [], two)])


class Holder(nn.Module):
    map: TensorMap
    block: TensorBlock

    def __init__(self, value: float = 1.0):
        super().__init__()
        self.register_buffer("labels", Labels.range("x", 3))
        self.register_buffer("map", example(value))
        self.register_buffer("block", example(value).block().copy())
        self.register_buffer("maps", {"a": [example(value)], "b": [example(value), example(value)]})
        self.pair = nn.Buffer((example(value), 3))
        self.cache = nn.Buffer(example(value), persistent=False)
        self.register_buffer("tensor", torch.full((2,), value))
        self.plain = example()

    def forward(self) -> Tuple[List[torch.Tensor], torch.device]:
        values = [self.map.block().values, self.block.values, self.maps["b"][1].block().values]
        values += [self.pair[0].block().values, self.cache.block().values, self.tensor]
        return values, self.labels.device


class Outer(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Holder()

    def forward(self) -> Tuple[List[torch.Tensor], torch.device]:
        return self.inner()


def scripted(module):
    return torch.jit.script(module)


def loaded(module):
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(module), buffer)
    buffer.seek(0)
    return torch.jit.load(buffer)


@pytest.mark.parametrize("made", [lambda module: module, scripted, loaded], ids=["eager", "scripted", "loaded"])
def test_buffers_move(made):
    module = made(Outer())
    assert all(values.dtype == torch.float32 for values in module()[0])
    module.double()
    assert all(values.dtype == torch.float64 for values in module()[0])
    module.to("meta")
    values, device_of_labels = module()
    assert all(v.device.type == "meta" for v in values) and device_of_labels.type == "meta"


def test_what_is_not_registered_stays():
    module = Holder().double().to("meta")
    assert module.plain.device.type == "cpu" and module.plain.block().values.dtype == torch.float32


def test_state_dict_has_the_persistent_buffers():
    state = Holder().state_dict()
    assert sorted(state) == ["_extra_state", "_mts_helper", "tensor"]
    assert list(state["_extra_state"]) == ["labels", "map", "block", "maps", "pair"]


@pytest.mark.parametrize("weights_only", [True, False])
def test_state_dict_through_a_file(weights_only):
    buffer = io.BytesIO()
    torch.save(Holder(2.0).state_dict(), buffer)
    buffer.seek(0)
    module = Holder(1.0)
    module.load_state_dict(torch.load(buffer, weights_only=weights_only))
    assert mts.equal(module.map, example(2.0)) and mts.equal(module.maps["b"][1], example(2.0))
    assert mts.equal_block(module.block, example(2.0).block()) and module.labels == Labels.range("x", 3)
    assert mts.equal(module.pair[0], example(2.0)) and module.pair[1] == 3
    assert mts.equal(module.cache, example(1.0))


@pytest.mark.filterwarnings("ignore:.*no-op.*:UserWarning")
def test_loaded_state_has_the_dtype_and_device_of_the_module():
    module = Holder().double()
    module.load_state_dict(Holder(2.0).state_dict())
    assert all(values.dtype == torch.float64 for values in module()[0])
    module = Holder().to("meta")
    module.load_state_dict(Holder().state_dict())
    assert module.map.device.type == "meta" and module.labels.device.type == "meta"


def test_copies_are_independent():
    module = Holder()
    other = copy.deepcopy(module)
    other.map.block().values.fill_(5.0)
    assert mts.equal(module.map, example(1.0)) and other._mts_buffer_names == module._mts_buffer_names
    other.x = nn.Buffer(Labels.single())
    assert "x" not in module._mts_buffer_names


def test_buffers_are_replaced_and_deleted():
    module = Holder()
    module.map = example(3.0)
    assert mts.equal(module.double().map, example(3.0).to(torch.float64))
    module.pair = nn.Buffer(Labels.single(), persistent=False)
    assert "pair" not in module.state_dict()["_extra_state"]
    del module.map
    assert "map" not in module.state_dict()["_extra_state"] and not hasattr(module, "map")
    module.tensor = nn.Buffer(torch.zeros(3))
    assert module.state_dict()["tensor"].shape == (3,)


def test_none_and_named_tuples():
    Pair = collections.namedtuple("Pair", ["first", "second"])
    module = nn.Module()
    module.register_buffer("later", None)
    module.register_buffer("pair", Pair(example(), None))
    assert module.state_dict()["_extra_state"].keys() == {"pair"}
    module.later = Labels.single()
    other = copy.deepcopy(module)
    other.load_state_dict(module.double().state_dict())
    assert other.later == Labels.single() and isinstance(module.pair, Pair)


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        ("a", 3, TypeError, "buffer 'a' must be .*, got int"),
        ("a", "text", TypeError, "got str"),
        ("a", [3, "text"], TypeError, "got list"),
        (3, Labels.single(), TypeError, "must be a string, got int"),
        ("", Labels.single(), KeyError, "can't be empty"),
        ("a.b", Labels.single(), KeyError, "can't be empty or contain a dot, got 'a.b'"),
        ("map", Labels.single(), KeyError, "there is an attribute 'map' already"),
        ("forward", Labels.single(), KeyError, "there is an attribute 'forward' already"),
    ],
)
def test_what_can_not_be_registered(name, value, error, message):
    with pytest.raises(error, match=message):
        Holder().register_buffer(name, value)


def test_names_of_arguments():
    module = nn.Module()
    module.register_buffer("a", value=Labels.single())
    module.register_buffer(name="b", tensor=torch.zeros(2), persistent=False)  # as torch calls it
    module.set_extra_state(extra={"a": nn.Module.get_extra_state(module)["a"]})
    assert module.a == Labels.single() and module.b.tolist() == [0, 0]
    with pytest.raises(TypeError, match="got both"):
        module.register_buffer("c", Labels.single(), tensor=Labels.single())


def test_damaged_state():
    state = Holder().state_dict()
    name, data, like = state["_extra_state"]["map"]
    state["_extra_state"]["map"] = (name, data[:20], like)
    with pytest.raises(RuntimeError):
        Holder().load_state_dict(state)


def test_annotations_of_subclasses_stay():
    class Annotated(nn.Module):
        count: Dict[str, int]

        def __init__(self):
            super().__init__()
            self.count = {}

        def forward(self) -> int:
            return len(self.count)

    assert torch.jit.script(Annotated())() == 0
