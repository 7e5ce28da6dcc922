# SPDX-License-Identifier: BSD-3-Clause
"""Cases of the data types: Labels, TensorBlock, TensorMap. See cases.py."""

from typing import Dict, List, Optional, Tuple

import torch
from cases import case, fresh

from metatensor.torch import Labels, TensorBlock, TensorMap


NAMES = ["system", "atom", "type"]


def rows(n_rows: int, order: str = "sorted", seed: int = 0) -> torch.Tensor:
    """Half of the rows (system, atom, type) of a universe with twice as many, drawn with ``seed``."""
    generator = torch.Generator().manual_seed(seed)
    places = torch.randperm(2 * n_rows, generator=generator)[:n_rows]
    if order == "sorted":
        places = places.sort().values
    return torch.stack([places // 50, places % 50, places % 7], dim=1).to(torch.int32)


def labels(n_rows: int, order: str = "sorted", seed: int = 0) -> Labels:
    return Labels(NAMES, rows(n_rows, order, seed), assume_unique=True)


# --- Labels: functions to time


def create(names: List[str], values: torch.Tensor) -> Labels:
    return Labels(names, values)


def create_unchecked(names: List[str], values: torch.Tensor) -> Labels:
    return Labels(names, values, assume_unique=True)


def position(labels: Labels, entry: List[int]) -> Optional[int]:
    return labels.position(entry)


def contains_entry(labels: Labels, entry: List[int]) -> bool:
    return entry in labels


def equal(a: Labels, b: Labels) -> bool:
    return a == b


def union(a: Labels, b: Labels) -> Labels:
    return a.union(b)


def union_and_mapping(a: Labels, b: Labels) -> Tuple[Labels, torch.Tensor, torch.Tensor]:
    return a.union_and_mapping(b)


def intersection(a: Labels, b: Labels) -> Labels:
    return a.intersection(b)


def intersection_and_mapping(a: Labels, b: Labels) -> Tuple[Labels, torch.Tensor, torch.Tensor]:
    return a.intersection_and_mapping(b)


def difference(a: Labels, b: Labels) -> Labels:
    return a.difference(b)


def difference_and_mapping(a: Labels, b: Labels) -> Tuple[Labels, torch.Tensor]:
    return a.difference_and_mapping(b)


def select(labels: Labels, selection: Labels) -> torch.Tensor:
    return labels.select(selection)


def rename(labels: Labels) -> Labels:
    return labels.rename("atom", "center")


def permute(labels: Labels) -> Labels:
    return labels.permute([2, 0, 1])


def remove(labels: Labels) -> Labels:
    return labels.remove("type")


def append(labels: Labels, values: torch.Tensor) -> Labels:
    return labels.append("neighbor", values)


def column(labels: Labels) -> torch.Tensor:
    return labels.column("atom")


def get_values(labels: Labels) -> torch.Tensor:
    return labels.values


def get_names(labels: Labels) -> List[str]:
    return labels.names


def iterate_entries(labels: Labels) -> int:
    total = 0
    for i in range(len(labels)):
        total += labels.entry(i)[1]
    return total


def iterate_entries_eager(labels):
    for entry in labels:  # noqa: B007
        pass
    return entry


def entry_value(labels: Labels) -> int:
    return labels.entry(3)["atom"]


def print_labels(labels: Labels) -> str:
    return str(labels)


SETS = [
    union,
    union_and_mapping,
    intersection,
    intersection_and_mapping,
    difference,
    difference_and_mapping,
]


def register_labels(n_rows: int, order: str):
    small = n_rows <= 1000
    group = "labels, small" if small else f"labels, {order}"
    size = f"{n_rows} {order} rows"

    @case(group, f"create, {size}", scripted=small)
    def _():
        return create, (NAMES, rows(n_rows, order))

    @case(group, f"create unchecked, {size}", scripted=small)
    def _():
        return create_unchecked, (NAMES, rows(n_rows, order))

    @case(group, f"first position, {size}")
    def _():
        entry = rows(n_rows, order)[n_rows // 3].tolist()
        return position, fresh(lambda: (labels(n_rows, order), entry))

    @case(group, f"position again, {size}", scripted=True)
    def _():
        return position, (labels(n_rows, order), rows(n_rows, order)[n_rows // 3].tolist())

    @case(group, f"contains, {size}", scripted=True)
    def _():
        return contains_entry, (labels(n_rows, order), [1, 2, 1000])

    @case(group, f"equal, {size}", scripted=small)
    def _():
        return equal, (labels(n_rows, order), labels(n_rows, order))

    @case(group, f"select of all dimensions, {size}")
    def _():
        return select, fresh(lambda: (labels(n_rows, order), labels(n_rows // 2, order, 1)))

    @case(group, f"select of one dimension, {size}")
    def _():
        selection = Labels(["atom"], torch.tensor([[3], [7], [40]], dtype=torch.int32))
        return select, (labels(n_rows, order), selection)

    for function in SETS:
        # what a model does: sets of labels that were just made
        @case(group, f"{function.__name__}, {size}")
        def _(function=function):
            return function, fresh(lambda: (labels(n_rows, order), labels(n_rows, order, 1)))

        @case(group, f"{function.__name__} again, {size}", scripted=small)
        def _(function=function):
            return function, (labels(n_rows, order), labels(n_rows, order, 1))

    for function in [rename, permute, remove, column, get_values, get_names, print_labels]:

        @case(group, f"{function.__name__}, {size}", scripted=small and function is not print_labels)
        def _(function=function):
            values = rows(n_rows, order)
            values[:, 2] = 0  # unique without the type too
            return function, (Labels(NAMES, values, assume_unique=True),)

    @case(group, f"append, {size}", scripted=small)
    def _():
        return append, (labels(n_rows, order), torch.arange(n_rows, dtype=torch.int32))


for n_rows in [10, 1000, 100_000, 1_000_000]:
    for order in ["sorted", "shuffled"]:
        register_labels(n_rows, order)


@case("iteration", "entries of 1000 rows, by index", scripted=True)
def _():
    return iterate_entries, (labels(1000),)


@case("iteration", "entries of 1000 rows, for loop")
def _():
    return iterate_entries_eager, (labels(1000),)


@case("iteration", "one entry and its value by name", scripted=True)
def _():
    return entry_value, (labels(1000),)


# --- blocks and maps


def block(n_samples: int, n_properties: int, components=(), seed: int = 0, gradient: bool = False) -> TensorBlock:
    """A block with atoms as samples; every second one of them has a gradient in three directions."""
    shape = [n_samples, *components, n_properties]
    result = TensorBlock(
        torch.full(shape, 1.5 + seed, dtype=torch.float64),
        labels(n_samples, seed=seed),
        [Labels.range(f"component_{i}", size) for i, size in enumerate(components)],
        Labels.range("n", n_properties),
    )
    if gradient:
        n_rows = n_samples // 2
        samples = torch.stack([2 * torch.arange(n_rows), torch.arange(n_rows) % 5], dim=1).to(torch.int32)
        block_of_gradients = TensorBlock(
            torch.full([n_rows, 3, *shape[1:]], 0.5, dtype=torch.float64),
            Labels(["sample", "atom"], samples, assume_unique=True),
            [Labels.range("xyz", 3), *result.components],
            result.properties,
        )
        result.add_gradient("positions", block_of_gradients)
    return result


def map_of(keys: Labels, blocks: List[TensorBlock]) -> TensorMap:
    return TensorMap(keys, blocks)


def equivariant(n_samples: int = 20, n_properties: int = 8, gradient: bool = False) -> TensorMap:
    """112 blocks, as a power spectrum of spherical functions has them"""
    keys = [
        (o3_lambda, 1, center, neighbor)
        for o3_lambda in range(7)
        for center in (1, 6, 7, 8)
        for neighbor in (1, 6, 7, 8)
    ]
    blocks = []
    for o3_lambda, _, center, neighbor in keys:
        new = block(n_samples, n_properties, [2 * o3_lambda + 1], seed=center % 3, gradient=gradient)
        blocks.append(new)
    names = ["o3_lambda", "o3_sigma", "center_type", "neighbor_type"]
    return TensorMap(Labels(names, torch.tensor(keys, dtype=torch.int32)), blocks)


def large(gradient: bool = False) -> TensorMap:
    """4 blocks of 25000 x 32"""
    keys = Labels(["center_type"], torch.arange(4, dtype=torch.int32).reshape(-1, 1))
    return TensorMap(keys, [block(25_000, 32, seed=i, gradient=gradient) for i in range(4)])


def many(n_blocks: int = 1000) -> TensorMap:
    """Small blocks: 2 x 3"""
    keys = torch.stack([torch.arange(n_blocks) // 10, torch.arange(n_blocks) % 10], dim=1).to(torch.int32)
    blocks = [block(2, 3, seed=i % 7) for i in range(n_blocks)]
    return TensorMap(Labels(["a", "b"], keys), blocks)


def create_block(
    values: torch.Tensor, samples: Labels, components: List[Labels], properties: Labels
) -> TensorBlock:
    return TensorBlock(values, samples, components, properties)


def block_metadata(block: TensorBlock) -> int:
    return len(block.samples) + len(block.components) + len(block.properties) + block.values.dim()


def add_gradient(block: TensorBlock, gradient: TensorBlock) -> TensorBlock:
    new = block.copy(deep=False)
    new.add_gradient("strain", gradient)
    return new


def block_gradient(block: TensorBlock) -> TensorBlock:
    return block.gradient("positions")


def block_copy(block: TensorBlock) -> TensorBlock:
    return block.copy()


def block_to(block: TensorBlock) -> TensorBlock:
    return block.to(torch.float32)


def rebuild(tensor: TensorMap) -> TensorMap:
    blocks: List[TensorBlock] = []
    for block in tensor.blocks():
        blocks.append(block.copy(deep=False))
    return TensorMap(tensor.keys, blocks)


def by_name(tensor: TensorMap, selection: Dict[str, int]) -> TensorBlock:
    return tensor.block(selection)


def by_index(tensor: TensorMap) -> TensorBlock:
    return tensor.block_by_id(5)


def by_labels(tensor: TensorMap, selection: Labels) -> TensorBlock:
    return tensor.block(selection)


def by_entry(tensor: TensorMap) -> TensorBlock:
    return tensor.block(tensor.keys.entry(5))


def several(tensor: TensorMap, selection: Dict[str, int]) -> List[TensorBlock]:
    return tensor.blocks(selection)


def all_blocks(tensor: TensorMap) -> int:
    total = 0
    for block in tensor.blocks():
        total += block.values.dim()
    return total


def all_items(tensor: TensorMap) -> int:
    total = 0
    for key, block in tensor.items():
        total += key[0] + block.values.dim()
    return total


def map_to(tensor: TensorMap) -> TensorMap:
    return tensor.to(torch.float32)


def map_copy(tensor: TensorMap) -> TensorMap:
    return tensor.copy()


def print_map(tensor: TensorMap) -> str:
    return str(tensor)


@case("blocks", "create", scripted=True)
def _():
    template = block(10, 4, [3])
    return create_block, (template.values, template.samples, template.components, template.properties)


@case("blocks", "add_gradient", scripted=True)
def _():
    template = block(10_000, 4, gradient=True)
    return add_gradient, (block(10_000, 4), template.gradient("positions").copy())


for function in [block_metadata, block_gradient, block_copy, block_to]:

    @case("blocks", function.__name__, scripted=True)
    def _(function=function):
        return function, (block(10, 4, [3], gradient=True),)


SELECTION = {"o3_lambda": 2, "o3_sigma": 1, "center_type": 6, "neighbor_type": 7}


@case("maps", "by_name", scripted=True)
def _():
    return by_name, (equivariant(), SELECTION)


@case("maps", "several", scripted=True)
def _():
    return several, (equivariant(), {"center_type": 6})


@case("maps", "by_labels", scripted=True)
def _():
    selection = Labels(list(SELECTION), torch.tensor([list(SELECTION.values())], dtype=torch.int32))
    return by_labels, (equivariant(), selection)


for function in [by_index, by_entry, rebuild, map_to, map_copy, print_map]:

    @case("maps", function.__name__, scripted=function is not print_map)
    def _(function=function):
        return function, (equivariant(),)


for function in [all_blocks, all_items]:
    for n_blocks in [10, 1000]:

        @case("iteration", f"{function.__name__}, {n_blocks} blocks", scripted=True)
        def _(function=function, n_blocks=n_blocks):
            return function, (many(n_blocks),)


# --- moves


def keys_to_samples(tensor: TensorMap, names: List[str]) -> TensorMap:
    return tensor.keys_to_samples(names)


def keys_to_samples_unsorted(tensor: TensorMap, names: List[str]) -> TensorMap:
    return tensor.keys_to_samples(names, sort_samples=False)


def keys_to_properties(tensor: TensorMap, names: List[str]) -> TensorMap:
    return tensor.keys_to_properties(names)


def components_to_properties(tensor: TensorMap, names: List[str]) -> TensorMap:
    return tensor.components_to_properties(names)


def with_backward(move, tensor: TensorMap, names: List[str]):
    moved = move(tensor, names)
    torch.autograd.grad([block.values.sum() for block in moved.blocks()], [block.values for block in tensor.blocks()])


def requiring_grad(tensor: TensorMap) -> TensorMap:
    for block in tensor.blocks():
        block.values.requires_grad_(True)
    return tensor


MOVES = [
    ("112 blocks", equivariant, keys_to_samples, ["center_type"]),
    ("112 blocks", equivariant, keys_to_samples_unsorted, ["center_type"]),
    ("112 blocks", equivariant, keys_to_properties, ["neighbor_type"]),
    ("112 blocks", equivariant, components_to_properties, ["component_0"]),
    ("112 blocks with gradients", lambda: equivariant(gradient=True), keys_to_samples, ["center_type"]),
    ("112 blocks with gradients", lambda: equivariant(gradient=True), keys_to_properties, ["neighbor_type"]),
    ("112 blocks with gradients", lambda: equivariant(gradient=True), components_to_properties, ["component_0"]),
    ("4 x 25000 x 32", large, keys_to_samples, ["center_type"]),
    ("4 x 25000 x 32", large, keys_to_samples_unsorted, ["center_type"]),
    ("4 x 25000 x 32", large, keys_to_properties, ["center_type"]),
    ("4 x 25000 x 32 with gradients", lambda: large(gradient=True), keys_to_samples, ["center_type"]),
    ("4 x 25000 x 32 with gradients", lambda: large(gradient=True), keys_to_properties, ["center_type"]),
    ("1000 blocks", many, keys_to_samples, ["b"]),
    ("1000 blocks", many, keys_to_samples, ["a", "b"]),
    ("1000 blocks", many, keys_to_properties, ["b"]),
    ("1000 blocks", many, keys_to_properties, ["a", "b"]),
]
for data, make, function, names in MOVES:

    @case("moves", f"{function.__name__} of {', '.join(names)}, {data}", scripted=True)
    def _(make=make, function=function, names=names):
        return function, (make(), names)

    if "gradients" not in data:

        @case("moves with backward", f"{function.__name__} of {', '.join(names)}, {data}")
        def _(make=make, function=function, names=names):
            return with_backward, (function, requiring_grad(make()), names)


@case("moves", "components_to_properties of the first of 3, 1000 x 5 x 5 x 5 x 8", scripted=True)
def _():
    keys = Labels(["a"], torch.zeros([1, 1], dtype=torch.int32))
    tensor = TensorMap(keys, [block(1000, 8, [5, 5, 5])])
    return components_to_properties, (tensor, ["component_0"])
