# SPDX-License-Identifier: BSD-3-Clause
"""Cases of the operations on keys, labels and their dimensions, and of joins. See cases.py."""

from typing import List

import torch
from cases import case

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap


def labels(names: List[str], *columns: torch.Tensor) -> Labels:
    return Labels(names, torch.stack(columns, dim=1).to(torch.int32), assume_unique=True)


def atoms(n_samples: int, shift: int = 0) -> Labels:
    """Sorted samples (system, atom), 50 atoms in each system"""
    i = torch.arange(n_samples)
    return labels(["system", "atom"], i // 50 + shift, i % 50)


def add_gradient(block: TensorBlock, parameter: str, n_rows: int) -> None:
    rows = labels(["sample", "atom"], torch.arange(n_rows) % max(len(block), 1), torch.arange(n_rows))
    components = [Labels.range(f"{parameter}_xyz", 3), *block.components]
    shape = [n_rows, 3, *block.values.shape[1:]]
    gradient = TensorBlock(torch.rand(shape, dtype=torch.float64), rows, components, block.properties)
    block.add_gradient(parameter, gradient)


def block(n_samples: int, n_properties: int, n_components: int = 0, gradients: bool = False, shift: int = 0) -> TensorBlock:
    components = [Labels.range("m", n_components)] if n_components > 0 else []
    sizes = [n_components] if n_components > 0 else []
    result = TensorBlock(
        torch.rand([n_samples, *sizes, n_properties], dtype=torch.float64),
        atoms(n_samples, shift),
        components,
        Labels.range("n", n_properties),
    )
    if gradients:
        add_gradient(result, "positions", n_samples)
    return result


def spex(gradients: bool = False, shift: int = 0) -> TensorMap:
    """112 blocks of an equivariant descriptor: keys (l, center, neighbor)"""
    keys = [[l, center, neighbor] for l in range(7) for center in range(4) for neighbor in range(4)]
    blocks = [block(16, 8, 2 * key[0] + 1, gradients, shift) for key in keys]
    return TensorMap(Labels(["l", "center", "neighbor"], torch.tensor(keys)), blocks)


def many(gradients: bool = False, shift: int = 0) -> TensorMap:
    """1000 small blocks"""
    rows = torch.arange(1000)
    return TensorMap(labels(["a", "b"], rows // 30, rows % 30), [block(4, 3, 0, gradients, shift) for _ in range(1000)])


def large(n_samples: int, n_properties: int, gradients: bool = False, shift: int = 0) -> TensorMap:
    return TensorMap(Labels.range("key", 1), [block(n_samples, n_properties, 0, gradients, shift)])


def one_system(i: int) -> TensorMap:
    """What a data loader joins: one energy with two gradients"""
    samples, properties = Labels("system", torch.tensor([[i]])), Labels.range("energy", 1)
    values = torch.rand([1, 1], dtype=torch.float64)
    energy = TensorBlock(values, samples, [], properties)
    add_gradient(energy, "positions", 8)
    add_gradient(energy, "strain", 1)
    return TensorMap(Labels.range("key", 1), [energy])


MAPS = {
    "112 blocks": spex,
    "1000 blocks": many,
    "1e4x128": lambda gradients=False, shift=0: large(10_000, 128, gradients, shift),
    "1e5x64": lambda gradients=False, shift=0: large(100_000, 64, gradients, shift),
}


# --- functions to time


def drop_blocks(tensor: TensorMap, keys: Labels) -> TensorMap:
    return mts.drop_blocks(tensor, keys)


def drop_empty_blocks(tensor: TensorMap) -> TensorMap:
    return mts.drop_empty_blocks(tensor)


def filter_blocks(tensor: TensorMap, keys: Labels) -> TensorMap:
    return mts.filter_blocks(tensor, keys)


def append_samples(tensor: TensorMap) -> TensorMap:
    return mts.append_dimension(tensor, "samples", "new", 3)


def permute_samples(tensor: TensorMap) -> TensorMap:
    return mts.permute_dimensions(tensor, "samples", [1, 0])


def insert_and_remove(tensor: TensorMap) -> TensorMap:
    return mts.remove_dimension(mts.insert_dimension(tensor, "properties", 0, "new", 3), "properties", "new")


def rename_samples(tensor: TensorMap) -> TensorMap:
    return mts.rename_dimension(tensor, "samples", "atom", "center")


def join_samples(tensors: List[TensorMap]) -> TensorMap:
    return mts.join(tensors, "samples")


def join_samples_with_dimension(tensors: List[TensorMap]) -> TensorMap:
    return mts.join(tensors, "samples", add_dimension="map")


def join_properties(tensors: List[TensorMap]) -> TensorMap:
    return mts.join(tensors, "properties", add_dimension="map")


def join_forward_and_backward(tensors: List[TensorMap]) -> torch.Tensor:
    joined = mts.join(tensors, "samples")
    total = torch.zeros([], dtype=torch.float64)
    for block in joined.blocks():
        total = total + block.values.sum()
    total.backward()
    return total


def unique_systems(tensor: TensorMap) -> Labels:
    return mts.unique_metadata(tensor, "samples", ["system"])


def unique_samples(tensor: TensorMap) -> Labels:
    return mts.unique_metadata(tensor, "samples", ["atom", "system"])


def one_hot(labels: Labels, dimension: Labels) -> torch.Tensor:
    return mts.one_hot(labels, dimension)


# --- cases


def register(group: str, name: str, function, make_arguments) -> None:
    @case(group, name, scripted=True)
    def make():
        return function, make_arguments()


for size, make in MAPS.items():
    for gradients in [False, True]:
        if gradients and size == "1e5x64":
            continue
        name = f"{size}, gradients" if gradients else size
        for function in [append_samples, permute_samples, insert_and_remove, rename_samples]:
            register(function.__name__, name, function, lambda make=make, g=gradients: (make(g),))
        for function in [join_samples, join_samples_with_dimension, join_properties]:
            shift = 0 if function is join_properties else 10_000
            register(
                f"{function.__name__} of 2",
                name,
                function,
                lambda make=make, g=gradients, shift=shift: ([make(g), make(g, shift)],),
            )
    register("unique_metadata of one dimension", size, unique_systems, lambda make=make: (make(),))
    register("unique_metadata of two dimensions", size, unique_samples, lambda make=make: (make(),))

KEYS = {"112 blocks": ("center", 4), "1000 blocks": ("b", 30)}
for size, (dimension, n_values) in KEYS.items():
    selection = Labels(dimension, torch.arange(0, n_values, 2).reshape(-1, 1))
    register("drop_blocks", size, drop_blocks, lambda size=size, s=selection: (MAPS[size](), s))
    register("filter_blocks", size, filter_blocks, lambda size=size, s=selection: (MAPS[size](), s))
    register("drop_empty_blocks", size, drop_empty_blocks, lambda size=size: (MAPS[size](),))

for n_maps in [16, 64]:
    register("join of systems", f"{n_maps}", join_samples, lambda n=n_maps: ([one_system(i) for i in range(n)],))
    register(
        "join of systems",
        f"{n_maps}, new dimension",
        join_samples_with_dimension,
        lambda n=n_maps: ([one_system(i) for i in range(n)],),
    )


def requiring_gradients(tensors: List[TensorMap]) -> List[TensorMap]:
    for tensor in tensors:
        for block in tensor.blocks():
            block.values.requires_grad_(True)
    return tensors


register(
    "join of 2, forward and backward",
    "112 blocks",
    join_forward_and_backward,
    lambda: (requiring_gradients([spex(), spex(shift=10_000)]),),
)
register(
    "join of 2, forward and backward",
    "1e4x128",
    join_forward_and_backward,
    lambda: (requiring_gradients([large(10_000, 128), large(10_000, 128, shift=10_000)]),),
)

for n_labels in [100, 10_000]:
    types = torch.arange(n_labels) % 7
    register(
        "one_hot",
        f"{n_labels} labels",
        one_hot,
        lambda n=n_labels, types=types: (
            labels(["atom", "type"], torch.arange(n), types),
            Labels("type", torch.arange(7).reshape(-1, 1)),
        ),
    )


# --- the same movement of data by torch alone: what the times of large joins are to be compared with


def torch_cat(tensors: List[torch.Tensor], dim: int) -> torch.Tensor:
    return torch.cat(tensors, dim)


for size in ["1e4x128", "1e5x64"]:
    for axis, dim in [("samples", 0), ("properties", 1)]:

        @case("torch alone", f"cat of {axis}, {size}")
        def _(size=size, dim=dim):
            return torch_cat, ([MAPS[size]().block(0).values, MAPS[size]().block(0).values], dim)
