# SPDX-License-Identifier: BSD-3-Clause
"""Moving keys and components: derivatives, devices, and memory."""

import pathlib

import pytest
import torch

from metatensor.torch import Labels, TensorBlock, TensorMap


DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no cuda device")),
]
MOVES = {
    "keys_to_samples": lambda tensor: tensor.keys_to_samples("b"),
    "keys_to_samples, unsorted": lambda tensor: tensor.keys_to_samples(["a", "b"], sort_samples=False),
    "keys_to_properties": lambda tensor: tensor.keys_to_properties("b"),
    "keys_to_properties, unsorted": lambda tensor: tensor.keys_to_properties(["b", "a"], sort_samples=False),
    "keys_to_properties, given": lambda tensor: tensor.keys_to_properties(
        Labels("b", torch.tensor([[5], [1]])).to(tensor.device)
    ),
    "components_to_properties": lambda tensor: tensor.components_to_properties(["c"]),
    "components_to_properties, both": lambda tensor: tensor.components_to_properties(["d", "c"]),
    "to": lambda tensor: tensor.to(tensor.device),
    "copy": lambda tensor: tensor.copy(),
}


def rows(*values):
    return torch.tensor(values, dtype=torch.int32)


def example(values, device="cpu", same_properties=True, born_on_device=False):
    """Three blocks with gradients; of their samples some are in several of them. ``values`` are all numbers in it."""

    def labels(names, rows):
        on_device = rows.to(device)
        return Labels(names, on_device) if born_on_device else Labels(names, rows).to(device)

    samples = [rows([0, 1], [1, 1]), rows([1, 1], [0, 2], [0, 1]), rows([2, 0])]
    gradient_samples = [rows([0, 4], [1, 4]), rows([2, 4], [0, 3]), rows([0, 9])]
    properties = [rows([0], [1]), rows([0], [1]) if same_properties else rows([2], [1]), rows([0], [1])]
    components = [labels("c", rows([0], [1])), labels("d", rows([7], [8]))]
    blocks, start = [], 0
    for sample, gradient_sample, prop in zip(samples, gradient_samples, properties, strict=True):

        def take(n_rows, *more):
            nonlocal start
            shape = [n_rows, *more, 2, 2, 2]
            size = torch.Size(shape).numel()
            start += size
            return values[start - size : start].reshape(shape)

        block = TensorBlock(take(len(sample)), labels(["s", "t"], sample), components, labels("p", prop))
        axis = labels("xyz", rows([0], [1], [2]))
        block.add_gradient(
            "x",
            TensorBlock(
                take(len(gradient_sample), 3),
                labels(["sample", "u"], gradient_sample),
                [axis, *components],
                block.properties,
            ),
        )
        blocks.append(block)
    keys = labels(["a", "b"], rows([0, 1], [0, 2], [3, 1]))
    return TensorMap(keys, blocks)


N_VALUES = 8 * (2 + 3 + 1) + 24 * (2 + 2 + 1)


def all_values(tensor):
    return [v for block in tensor.blocks() for v in (block.values, block.gradient("x").values)]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("move", MOVES)
def test_derivatives(move, device):
    def moved(values):
        same = "given" in move
        return all_values(MOVES[move](example(values**2, device, same_properties=same)))

    values = torch.linspace(0.5, 2.0, N_VALUES, dtype=torch.float64, device=device, requires_grad=True)
    assert torch.autograd.gradcheck(moved, [values])
    assert torch.autograd.gradgradcheck(moved, [values])


@pytest.mark.parametrize("move", MOVES)
def test_same_values_with_and_without_derivatives(move):
    values = torch.arange(N_VALUES, dtype=torch.float64)
    plain = all_values(MOVES[move](example(values)))
    with_derivatives = all_values(MOVES[move](example(values.clone().requires_grad_(True))))
    for a, b in zip(plain, with_derivatives, strict=True):
        assert not a.requires_grad and b.requires_grad
        assert torch.equal(a, b)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("born_on_device", [True, False])
@pytest.mark.parametrize("same_properties", [True, False])
@pytest.mark.parametrize("move", MOVES)
def test_devices(move, same_properties, born_on_device, device):
    if "given" in move and not same_properties:
        pytest.skip("given values need the same properties in all blocks")
    values = torch.arange(N_VALUES, dtype=torch.float64)
    expected = MOVES[move](example(values, same_properties=same_properties))
    got = MOVES[move](example(values.to(device), device, same_properties, born_on_device))
    assert got.device.type == device
    got = got.to("cpu")
    assert got.keys == expected.keys
    for a, b in zip(got.blocks(), expected.blocks(), strict=True):
        for ours, theirs in [(a, b), (a.gradient("x"), b.gradient("x"))]:
            assert ours.samples == theirs.samples
            assert ours.components == theirs.components
            assert ours.properties == theirs.properties
            assert torch.equal(ours.values, theirs.values)


def peak_memory(function):
    """Memory at the peak of a call beyond what was there before, and what the call returned"""
    pathlib.Path("/proc/self/clear_refs").write_text("5")

    def status(field):
        lines = pathlib.Path("/proc/self/status").read_text().splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith(field + ":"))

    before = status("VmRSS")
    result = function()
    return status("VmHWM") - before, result


@pytest.mark.skipif(not pathlib.Path("/proc/self/clear_refs").exists(), reason="needs Linux")
@pytest.mark.parametrize("method", ["keys_to_samples", "keys_to_properties"])
def test_memory_is_that_of_the_result(method):
    n_samples, n_properties = 20_000, 128
    blocks = [
        TensorBlock(
            torch.full([n_samples, n_properties], 1.0, dtype=torch.float64),
            Labels(["s"], (torch.arange(n_samples) * 2 + i % 2).reshape(-1, 1).to(torch.int32)),
            [],
            Labels.range("p", n_properties),
        )
        for i in range(4)
    ]
    tensor = TensorMap(Labels.range("a", 4), blocks)
    peak, moved = peak_memory(lambda: getattr(tensor, method)("a"))
    block = moved.block()
    result = 8 * block.values.numel() + 4 * block.samples.values.numel()
    assert 0.9 * result < peak < 1.1 * result
