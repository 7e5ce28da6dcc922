# SPDX-License-Identifier: BSD-3-Clause
"""Cases of modules and data sets for training. See cases.py."""

from typing import List

import torch
from cases import case

from metatensor.torch import Labels, TensorBlock, TensorMap
from metatensor.torch.learn import data, nn


def labels(names: List[str], rows: torch.Tensor) -> Labels:
    return Labels(names, rows.to(torch.int32).reshape(-1, len(names)), assume_unique=True)


def tensor_map(n_keys: int, n_samples: int, n_features: int, equivariant: bool = False) -> TensorMap:
    """Blocks [n_samples, n_features], or with components of up to six angular channels"""
    torch.manual_seed(0)
    keys = torch.stack([torch.arange(n_keys) % (7 if equivariant else 1), torch.ones(n_keys), torch.arange(n_keys)], dim=1)
    blocks = []
    for place in range(n_keys):
        n_components = 2 * (place % 7) + 1
        shape = [n_samples, n_components, n_features] if equivariant else [n_samples, n_features]
        components = [labels(["m"], torch.arange(n_components))] if equivariant else []
        samples = labels(["system", "atom"], torch.stack([torch.arange(n_samples) // 20, torch.arange(n_samples) % 20], dim=1))
        blocks.append(TensorBlock(torch.randn(shape), samples, components, labels(["n"], torch.arange(n_features))))
    return TensorMap(labels(["o3_lambda", "o3_sigma", "type"], keys), blocks)


SIZES = {
    "4 blocks of 20x32": (4, 20, 32),
    "112 blocks of 20x8, components": (112, 20, 8, True),
    "1000 blocks of 4x8": (1000, 4, 8),
}


def used(module, tensor: TensorMap, kind: str):
    """The module, or the scripted one after torch has optimized it"""
    if kind == "scripted":
        module = torch.jit.script(module)
        for _ in range(4):
            module(tensor)
    return module


def transformations(keys: Labels, n: int):
    modules = [torch.nn.Sequential(torch.nn.Linear(n, n), torch.nn.Tanh()) for _ in range(len(keys))]
    return nn.EquivariantTransformation(modules, keys, n, n)


MODULES = {
    "Linear": lambda keys, n: nn.Linear(keys, n, n),
    "EquivariantLinear": lambda keys, n: nn.EquivariantLinear(keys, n, n),
    "LayerNorm": lambda keys, n: nn.LayerNorm(keys, [n] * len(keys)),
    "SiLU": lambda keys, n: nn.SiLU(keys),
    "InvariantReLU": lambda keys, n: nn.InvariantReLU(keys),
    "Sequential": lambda keys, n: nn.Sequential(keys, nn.Linear(keys, n, n), nn.SiLU(keys), nn.Linear(keys, n, n)),
    "EquivariantTransformation": transformations,
}


def add_module(name: str, size: str, kind: str):
    components = len(SIZES[size]) == 4
    if (name.startswith(("Equi", "Inv")) and not components) or (kind == "scripted" and name.endswith("Transformation")):
        return  # the existing one can not be scripted

    @case(f"learn.nn, {kind}", f"{name} of {size}")
    def _():
        tensor = tensor_map(*SIZES[size])
        module = MODULES[name](tensor.keys, SIZES[size][2])
        return used(module, tensor, kind), (tensor,)

    if name in ["Linear", "Sequential"]:

        @case(f"learn.nn, {kind}", f"{name} of {size} and back")
        def _():
            tensor = tensor_map(*SIZES[size])
            module = MODULES[name](tensor.keys, SIZES[size][2])
            timed = used(module, tensor, kind)
            parameters = list(module.parameters())

            def forward_and_backward(tensor):
                values = [block.values.sum() for block in timed(tensor).blocks()]
                return torch.autograd.grad(values, parameters, [torch.ones(())] * len(values))

            return forward_and_backward, (tensor,)


for kind in ["eager", "scripted"]:
    for size in SIZES:
        for name in MODULES:
            # with 1000 blocks, the existing scripted modules take minutes to be compiled
            if not (kind == "scripted" and size.startswith("1000")):
                add_module(name, size, kind)


def system(number: int) -> TensorMap:
    """5 blocks of 8 atoms"""
    samples = labels(["system", "atom"], torch.stack([torch.full((8,), number), torch.arange(8)], dim=1))
    blocks = [TensorBlock(torch.randn(8, 16), samples, [], labels(["n"], torch.arange(16))) for _ in range(5)]
    return TensorMap(labels(["type"], torch.arange(5)), blocks)


def dataset(n: int):
    return data.Dataset(map=[system(i) for i in range(n)], energy=[torch.zeros(1, 1) for i in range(n)])


@case("learn.data", "group_and_join of 64 systems")
def _():
    samples = list(dataset(64))
    return data.group_and_join, (samples,)


@case("learn.data", "group of 64 systems")
def _():
    samples = list(dataset(64))
    return data.group, (samples,)


@case("learn.data", "samples of a Dataset")
def _():
    systems = dataset(64)
    return lambda: [systems[i] for i in range(64)], ()


@case("learn.data", "DataLoader, 512 systems by 64")
def _():
    loader = data.DataLoader(dataset(512), batch_size=64)
    return lambda: [0 for batch in loader], ()
