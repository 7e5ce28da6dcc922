# SPDX-License-Identifier: BSD-3-Clause
"""Cases of operations that combine, compare, make and solve maps. See cases.py."""

from typing import Dict, List, Tuple

import torch
from cases import case

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap


XYZ = Labels(["xyz"], torch.arange(3, dtype=torch.int32).reshape(-1, 1))


def gradient_of(block: TensorBlock) -> TensorBlock:
    """Two rows for each sample"""
    n_samples = len(block.samples)
    rows = torch.stack([torch.arange(n_samples).repeat_interleave(2), torch.arange(2 * n_samples) % 7], dim=1)
    values = torch.rand(2 * n_samples, 3, *block.values.shape[1:], dtype=block.values.dtype)
    samples = Labels(["sample", "atom"], rows.to(torch.int32), assume_unique=True)
    return TensorBlock(values, samples, [XYZ, *block.components], block.properties)


def block(n_samples: int, n_properties: int, n_components: int = 0, gradients: bool = False) -> TensorBlock:
    samples = torch.stack([torch.arange(n_samples) // 20, torch.arange(n_samples) % 20], dim=1).to(torch.int32)
    components = []
    if n_components > 0:
        components = [Labels(["m"], torch.arange(n_components, dtype=torch.int32).reshape(-1, 1))]
    shape = [n_samples, n_components, n_properties] if components else [n_samples, n_properties]
    result = TensorBlock(
        torch.rand(shape, dtype=torch.float64) + 0.5,
        Labels(["system", "atom"], samples, assume_unique=True),
        components,
        Labels(["n"], torch.arange(n_properties, dtype=torch.int32).reshape(-1, 1)),
    )
    if gradients:
        result.add_gradient("positions", gradient_of(result))
    return result


def equivariant(gradients: bool = False) -> TensorMap:
    """112 blocks as of a spherical expansion: 7 angular channels and 4 x 4 pairs of types"""
    keys = [[ell, i, j] for ell in range(7) for i in range(4) for j in range(4)]
    blocks = [block(5, 8, 2 * ell + 1, gradients) for ell, _, _ in keys]
    return TensorMap(Labels(["o3_lambda", "center", "neighbor"], torch.tensor(keys, dtype=torch.int32)), blocks)


def small(gradients: bool = False) -> TensorMap:
    """1000 blocks of one or two samples"""
    blocks = [block(1 + i % 2, 8, gradients=gradients) for i in range(1000)]
    return TensorMap(Labels(["key"], torch.arange(1000, dtype=torch.int32).reshape(-1, 1)), blocks)


def large(n_samples: int, n_properties: int, gradients: bool = False) -> TensorMap:
    keys = Labels(["key"], torch.zeros([1, 1], dtype=torch.int32))
    return TensorMap(keys, [block(n_samples, n_properties, gradients=gradients)])


SIZES = {
    "112 blocks": equivariant,
    "1000 small blocks": small,
    "1e4x128": lambda gradients: large(10_000, 128, gradients),
    "1e5x64": lambda gradients: large(100_000, 64, gradients),
}
MAPS: Dict[Tuple[str, bool], TensorMap] = {}


def tensor(size: str, gradients: bool = False) -> TensorMap:
    if (size, gradients) not in MAPS:
        torch.manual_seed(0)
        MAPS.clear()
        MAPS[size, gradients] = SIZES[size](gradients)
    return MAPS[size, gradients]


# --- functions to time


def add(a: TensorMap, b: TensorMap) -> TensorMap:
    return mts.add(a, b)


def add_number(a: TensorMap) -> TensorMap:
    return mts.add(a, 2.5)


def subtract(a: TensorMap, b: TensorMap) -> TensorMap:
    return mts.subtract(a, b)


def multiply(a: TensorMap, b: TensorMap) -> TensorMap:
    return mts.multiply(a, b)


def multiply_number(a: TensorMap) -> TensorMap:
    return mts.multiply(a, 2.5)


def divide(a: TensorMap, b: TensorMap) -> TensorMap:
    return mts.divide(a, b)


def square(a: TensorMap) -> TensorMap:
    return mts.pow(a, 2)


def absolute(a: TensorMap) -> TensorMap:
    return mts.abs(a)


def dot(a: TensorMap, b: TensorMap) -> TensorMap:
    return mts.dot(a, b)


def solve(x: TensorMap, y: TensorMap) -> TensorMap:
    return mts.solve(x, y)


def lstsq(x: TensorMap, y: TensorMap) -> TensorMap:
    return mts.lstsq(x, y, 1e-12)


def equal(a: TensorMap, b: TensorMap) -> bool:
    return mts.equal(a, b)


def allclose(a: TensorMap, b: TensorMap) -> bool:
    return mts.allclose(a, b)


def equal_metadata(a: TensorMap, b: TensorMap) -> bool:
    return mts.equal_metadata(a, b)


def zeros_like(a: TensorMap) -> TensorMap:
    return mts.zeros_like(a)


def ones_like(a: TensorMap) -> TensorMap:
    return mts.ones_like(a)


def empty_like(a: TensorMap) -> TensorMap:
    return mts.empty_like(a)


def random_uniform_like(a: TensorMap) -> TensorMap:
    return mts.random_uniform_like(a)


def detach(a: TensorMap) -> TensorMap:
    return mts.detach(a)


def requires_grad(a: TensorMap) -> TensorMap:
    return mts.requires_grad(a)


def is_contiguous(a: TensorMap) -> bool:
    return mts.is_contiguous(a)


def make_contiguous(a: TensorMap) -> TensorMap:
    return mts.make_contiguous(a)


def remove_gradients(a: TensorMap) -> TensorMap:
    return mts.remove_gradients(a)


def block_from_array(array: torch.Tensor) -> TensorBlock:
    return mts.block_from_array(array)


# --- cases

OF_TWO = [add, subtract, multiply, divide]
OF_ONE = [add_number, multiply_number, square, absolute]
COMPARISONS = [equal, allclose, equal_metadata]
OTHERS = [
    zeros_like,
    ones_like,
    empty_like,
    random_uniform_like,
    detach,
    requires_grad,
    is_contiguous,
    make_contiguous,
    remove_gradients,
]


def register(group: str, function, size: str, gradients: bool, two: bool) -> None:
    name = f"{function.__name__}, {size}{', with gradients' if gradients else ''}"

    @case(group, name, scripted=size in ["112 blocks", "1e4x128"])
    def _():
        a = tensor(size, gradients)
        return function, (a, a.copy()) if two else (a,)


for size in SIZES:
    for gradients in [False, True]:
        if size == "1e5x64" and gradients:
            continue  # 300 MB each
        for function in OF_TWO + OF_ONE:
            register("arithmetic", function, size, gradients, function in OF_TWO)
        for function in COMPARISONS:
            register("comparison", function, size, gradients, True)
        for function in OTHERS:
            register("creation", function, size, gradients, False)


def recorded(size: str) -> Tuple[torch.Tensor, TensorMap]:
    """A map whose blocks are parts of one tensor that autograd records"""
    like = tensor(size)
    leaf = torch.ones([], dtype=torch.float64, requires_grad=True)
    blocks = [TensorBlock(b.values * leaf, b.samples, b.components, b.properties) for b in like.blocks()]
    return leaf, TensorMap(like.keys, blocks)


def total(a: TensorMap) -> torch.Tensor:
    return torch.stack([block.values.sum() for block in a.blocks()]).sum()


def backward(function):
    """The operation on values that depend on a number, and the derivative of their sum"""

    def forward_and_backward(a: TensorMap, values: torch.Tensor, *others: TensorMap):
        values.grad = None
        total(function(a, *others)).backward(retain_graph=True)
        return values.grad

    return forward_and_backward


for size in ["112 blocks", "1e4x128"]:
    for function in OF_TWO + OF_ONE:

        @case("arithmetic, backward", f"{function.__name__}, {size}")
        def _(function=function, size=size):
            values, a = recorded(size)
            others = (tensor(size),) if function in OF_TWO else ()
            return backward(function), (a, values, *others)


# --- linear algebra: as many rows of the second map as its blocks have vectors


def vectors(size: str, n_vectors: int) -> TensorMap:
    like = tensor(size)
    blocks = [
        TensorBlock(
            torch.rand(n_vectors, len(b.properties), dtype=torch.float64), Labels.range("vector", n_vectors), [], b.properties
        )
        for b in like.blocks()
    ]
    return TensorMap(like.keys, blocks)


def systems(n_blocks: int, n_equations: int, n_unknowns: int, n_targets: int) -> Tuple[TensorMap, TensorMap]:
    torch.manual_seed(0)

    def one(n_properties: int) -> TensorMap:
        blocks = [
            TensorBlock(
                torch.rand(n_equations, n_properties, dtype=torch.float64),
                Labels.range("s", n_equations),
                [],
                Labels.range("p", n_properties),
            )
            for _ in range(n_blocks)
        ]
        return TensorMap(Labels.range("key", n_blocks), blocks)

    return one(n_unknowns), one(n_targets)


for size in SIZES:
    for gradients in [False, True]:
        if size == "1e5x64" and gradients:
            continue

        @case("linear algebra", f"dot, {size}{', with gradients' if gradients else ''}", scripted=size == "112 blocks")
        def _(size=size, gradients=gradients):
            return dot, (tensor(size, gradients), vectors(size, 10))


for n_blocks, n in [(112, 8), (1000, 4), (1, 500)]:

    @case("linear algebra", f"solve, {n_blocks} systems of {n} equations", scripted=n_blocks == 112)
    def _(n_blocks=n_blocks, n=n):
        return solve, systems(n_blocks, n, n, 2)

    @case("linear algebra", f"lstsq, {n_blocks} systems of {2 * n} equations, {n} unknowns", scripted=n_blocks == 112)
    def _(n_blocks=n_blocks, n=n):
        return lstsq, systems(n_blocks, 2 * n, n, 2)


for shape in [[10, 5, 8], [100_000, 3, 4]]:

    @case("creation", f"block_from_array, {shape}", scripted=True)
    def _(shape=shape):
        return block_from_array, (torch.rand(shape),)


# --- the same work by torch alone, tensor by tensor: what the times of the operations are to be compared with


def values_of(a: TensorMap) -> List[torch.Tensor]:
    """Values and gradients of all blocks"""
    return [values for b in a.blocks() for values in [b.values, *[gradient.values for _, gradient in b.gradients()]]]


def torch_add(a: List[torch.Tensor], b: List[torch.Tensor]) -> List[torch.Tensor]:
    return [x + y for x, y in zip(a, b)]


def torch_multiply_number(a: List[torch.Tensor]) -> List[torch.Tensor]:
    return [x * 2.5 for x in a]


def torch_rand_like(a: List[torch.Tensor]) -> List[torch.Tensor]:
    return [torch.rand_like(x) for x in a]


def torch_dot(a: List[torch.Tensor], b: List[torch.Tensor]) -> List[torch.Tensor]:
    return [torch.matmul(x, y.T) for x, y in zip(a, b)]


def torch_solve(a: List[torch.Tensor], b: List[torch.Tensor]) -> List[torch.Tensor]:
    return [torch.linalg.solve(x, y) for x, y in zip(a, b)]


def torch_add_backward(a: TensorMap, values: torch.Tensor, b: TensorMap):
    values.grad = None
    torch.stack([(x + y).sum() for x, y in zip(values_of(a), values_of(b))]).sum().backward(retain_graph=True)
    return values.grad


for size in SIZES:
    for gradients in [False] if size == "1e5x64" else [False, True]:
        name = f"{size}{', with gradients' if gradients else ''}"

        @case("torch alone", f"add, {name}", scripted=True)
        def _(size=size, gradients=gradients):
            values = values_of(tensor(size, gradients))
            return torch_add, (values, [x.clone() for x in values])

        @case("torch alone", f"multiply_number, {name}", scripted=True)
        def _(size=size, gradients=gradients):
            return torch_multiply_number, (values_of(tensor(size, gradients)),)

        @case("torch alone", f"random_uniform_like, {name}", scripted=True)
        def _(size=size, gradients=gradients):
            return torch_rand_like, (values_of(tensor(size, gradients)),)

        @case("torch alone", f"dot, {name}", scripted=True)
        def _(size=size, gradients=gradients):
            others = [v for b in vectors(size, 10).blocks() for v in [b.values] * (2 if gradients else 1)]
            return torch_dot, (values_of(tensor(size, gradients)), others)


for n_blocks, n in [(112, 8), (1000, 4), (1, 500)]:

    @case("torch alone", f"solve, {n_blocks} systems of {n} equations", scripted=True)
    def _(n_blocks=n_blocks, n=n):
        x, y = systems(n_blocks, n, n, 2)
        return torch_solve, (values_of(x), values_of(y))


for size in ["112 blocks", "1e4x128"]:

    @case("torch alone", f"add, {size}, forward and backward")
    def _(size=size):
        values, a = recorded(size)
        return torch_add_backward, (a, values, tensor(size))
