# SPDX-License-Identifier: BSD-3-Clause
"""torch.compile of code that calls methods of labels, blocks, maps and systems: the same results as without."""

from typing import Dict

import pytest
import torch

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatensor_torch import _eager
from metatomic.torch import NeighborListOptions, System


if _eager._binding is None:
    pytest.skip("torch can not compile calls through its own binding", allow_module_level=True)


def column(name: str, size: int) -> Labels:
    return Labels(name, torch.arange(size, dtype=torch.int32).reshape(-1, 1))


def example_map() -> TensorMap:
    values = torch.arange(6.0).reshape(3, 2)
    blocks = [TensorBlock(values + i, column("sample", 3), [], column("property", 2)) for i in range(2)]
    return TensorMap(column("key", 2), blocks)


def example_system() -> System:
    system = System(torch.tensor([1, 8]), torch.eye(3)[:2], torch.zeros(3, 3), torch.zeros(3, dtype=torch.bool))
    samples = Labels(
        ["first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"], torch.tensor([[0, 1, 0, 0, 0]])
    )
    pairs = TensorBlock(torch.ones(1, 3, 1), samples, [column("xyz", 3)], column("distance", 1))
    system.add_neighbor_list(NeighborListOptions(2.0, True, True), pairs)
    return system


CALLS: Dict[str, tuple] = {
    "map.block": (lambda m: m.block(1).values, example_map),
    "map.block by key": (lambda m: m.block({"key": 1}).values, example_map),
    "map.blocks": (lambda m: sum(block.values.sum() for block in m.blocks()), example_map),
    "map.items": (lambda m: sum(key["key"] * block.values.sum() for key, block in m.items()), example_map),
    "map.to": (lambda m: m.to(torch.float64)[0].values, example_map),
    "map.keys_to_properties": (lambda m: m.keys_to_properties("key").block().values, example_map),
    "block.copy": (lambda m: m[0].copy().values, example_map),
    "block.gradients_list": (lambda m: m[0].values + len(m[0].gradients_list()), example_map),
    "block.to": (lambda m: m[1].to(dtype=torch.float64).values, example_map),
    "labels.column": (lambda m: m.keys.column("key"), example_map),
    "labels.position": (lambda m: m[0].values * m.keys.position([1]), example_map),
    "labels.select": (lambda m: m.keys.select(column("key", 1)), example_map),
    "labels.union": (lambda m: m.keys.union(column("key", 3)).values, example_map),
    "labels == labels": (lambda m: m[0].values * (m.keys == m.keys), example_map),
    "operation": (lambda m: mts.add(m, 1.0)[0].values, example_map),
    "system.get_neighbor_list": (
        lambda system: system.get_neighbor_list(NeighborListOptions(2.0, True, True)).values,
        example_system,
    ),
    "system.known_neighbor_lists": (
        lambda system: system.positions * len(system.known_neighbor_lists()),
        example_system,
    ),
}


@pytest.fixture(autouse=True)
def nothing_is_compiled():
    torch.compiler.reset()


@pytest.mark.parametrize("name", CALLS)
def test_calls_in_compiled_code(name):
    function, make_argument = CALLS[name]

    def doubled(argument):
        return 2 * function(argument)

    assert torch.equal(torch.compile(doubled, backend="eager")(make_argument()), 2 * function(make_argument()))


def test_compiled_module_and_its_derivatives():
    tensor = example_map()
    module = mts.learn.nn.Linear(tensor.keys, 2, 3)
    expected, result = module(tensor), torch.compile(module, backend="eager")(tensor)
    mts.equal_raise(result, expected)
    loss = sum(block.values.pow(2).sum() for block in result.blocks())
    wanted = sum(block.values.pow(2).sum() for block in expected.blocks())
    parameters = list(module.parameters())
    for actual, known in zip(torch.autograd.grad(loss, parameters), torch.autograd.grad(wanted, parameters), strict=True):
        assert torch.equal(actual, known)
