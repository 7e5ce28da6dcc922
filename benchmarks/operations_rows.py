# SPDX-License-Identifier: BSD-3-Clause
"""Cases of operations that reduce, choose and sort samples and properties. See cases.py."""

from typing import Dict, List, Tuple, Union

import torch
from cases import case

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap


def labels(names: List[str], rows: torch.Tensor) -> Labels:
    return Labels(names, rows.to(torch.int32).reshape(-1, len(names)), assume_unique=True)


def gradient_of(block: TensorBlock) -> TensorBlock:
    """Two rows for each sample, of one of 20 atoms, sorted"""
    n_samples = len(block.samples)
    places = torch.arange(n_samples)
    rows = torch.stack([places.repeat_interleave(2), torch.stack([places % 20, places % 20 + 20], dim=1).flatten()], dim=1)
    values = torch.rand(2 * n_samples, 3, *block.values.shape[1:], dtype=block.values.dtype)
    components = [labels(["xyz"], torch.arange(3)), *block.components]
    return TensorBlock(values, labels(["sample", "atom"], rows), components, block.properties)


def block(n_samples: int, n_properties: int, n_components: int = 0, gradients: bool = False, order: str = "sorted"):
    """Samples (system, atom) of systems with 20 atoms; properties (n, l) with 8 values of l"""
    places = torch.arange(n_samples) if order == "sorted" else torch.randperm(n_samples)
    columns = torch.arange(n_properties) if order == "sorted" else torch.randperm(n_properties)
    shape = [n_samples, n_components, n_properties] if n_components > 0 else [n_samples, n_properties]
    result = TensorBlock(
        torch.rand(shape, dtype=torch.float64),
        labels(["system", "atom"], torch.stack([places // 20, places % 20], dim=1)),
        [labels(["m"], torch.arange(n_components))] if n_components > 0 else [],
        labels(["n", "l"], torch.stack([columns // 8, columns % 8], dim=1)),
    )
    if gradients:
        result.add_gradient("positions", gradient_of(result))
    return result


def equivariant(**options) -> TensorMap:
    """112 blocks as of a spherical expansion: 7 angular channels and 4 x 4 pairs of types"""
    keys = [[ell, i, j] for ell in range(7) for i in range(4) for j in range(4)]
    blocks = [block(40, 8, 2 * ell + 1, **options) for ell, _, _ in keys]
    return TensorMap(labels(["o3_lambda", "center", "neighbor"], torch.tensor(keys)), blocks)


def small(**options) -> TensorMap:
    """1000 blocks of four samples"""
    blocks = [block(4, 8, **options) for _ in range(1000)]
    return TensorMap(labels(["key"], torch.arange(1000)), blocks)


def large(n_samples: int, n_properties: int, **options) -> TensorMap:
    return TensorMap(labels(["key"], torch.zeros([1, 1])), [block(n_samples, n_properties, **options)])


SIZES = {
    "112 blocks": equivariant,
    "1000 small blocks": small,
    "1e4x128": lambda **options: large(10_000, 128, **options),
    "1e5x64": lambda **options: large(100_000, 64, **options),
}
#: the last map that was made: large ones are not kept
MAPS: Dict[Tuple, TensorMap] = {}


def tensor(size: str, **options) -> TensorMap:
    key = (size, *sorted(options.items()))
    if key not in MAPS:
        torch.manual_seed(0)
        MAPS.clear()
        MAPS[key] = SIZES[size](**options)
    return MAPS[key]


def requiring_grad(original: TensorMap) -> TensorMap:
    copy = original.copy()
    for one in copy.blocks():
        one.values.requires_grad_(True)
    return copy


def backward(result: TensorMap, tensor: TensorMap):
    outputs = [one.values for one in result.blocks()]
    inputs = [one.values for one in tensor.blocks()]
    return torch.autograd.grad(outputs, inputs, [torch.ones_like(output) for output in outputs])


# --- reductions


def sum_over_samples(tensor: TensorMap, names: List[str]) -> TensorMap:
    return mts.sum_over_samples(tensor, names)


def mean_over_samples(tensor: TensorMap, names: List[str]) -> TensorMap:
    return mts.mean_over_samples(tensor, names)


def var_over_samples(tensor: TensorMap, names: List[str]) -> TensorMap:
    return mts.var_over_samples(tensor, names)


def std_over_samples(tensor: TensorMap, names: List[str]) -> TensorMap:
    return mts.std_over_samples(tensor, names)


def sum_over_properties(tensor: TensorMap, names: List[str]) -> TensorMap:
    return mts.sum_over_properties(tensor, names)


def mean_over_properties(tensor: TensorMap, names: List[str]) -> TensorMap:
    return mts.mean_over_properties(tensor, names)


def var_over_properties(tensor: TensorMap, names: List[str]) -> TensorMap:
    return mts.var_over_properties(tensor, names)


def std_over_properties(tensor: TensorMap, names: List[str]) -> TensorMap:
    return mts.std_over_properties(tensor, names)


def reduce_backward(function, tensor: TensorMap, names: List[str]):
    return backward(function(tensor, names), tensor)


SAMPLE_REDUCTIONS = [sum_over_samples, mean_over_samples, var_over_samples, std_over_samples]
PROPERTY_REDUCTIONS = [sum_over_properties, mean_over_properties, var_over_properties, std_over_properties]

for function in [*SAMPLE_REDUCTIONS, *PROPERTY_REDUCTIONS]:
    names = ["atom"] if function in SAMPLE_REDUCTIONS else ["l"]
    group = "reductions over " + ("samples" if function in SAMPLE_REDUCTIONS else "properties")
    for size in SIZES:

        @case(group, f"{function.__name__}, {size}", scripted=True)
        def _(function=function, size=size, names=names):
            return function, (tensor(size), names)

        @case(group, f"{function.__name__}, {size}, forward and backward")
        def _(function=function, size=size, names=names):
            return reduce_backward, (function, requiring_grad(tensor(size)), names)

        if size == "1e5x64":
            continue

        @case(group, f"{function.__name__}, {size}, gradients", scripted=True)
        def _(function=function, size=size, names=names):
            return function, (tensor(size, gradients=True), names)

    if function in SAMPLE_REDUCTIONS:

        @case(group, f"{function.__name__}, 1e4x128, shuffled")
        def _(function=function, names=names):
            return function, (tensor("1e4x128", order="shuffled"), names)


# --- selections


def slice_samples(tensor: TensorMap, selection: Labels) -> TensorMap:
    return mts.slice(tensor, "samples", selection)


def slice_properties(tensor: TensorMap, selection: Labels) -> TensorMap:
    return mts.slice(tensor, "properties", selection)


def split_samples(tensor: TensorMap, selections: List[Union[torch.Tensor, List[int], Labels]]) -> List[TensorMap]:
    return mts.split(tensor, "samples", selections)


def split_properties(tensor: TensorMap, selections: List[Union[torch.Tensor, List[int], Labels]]) -> List[TensorMap]:
    return mts.split(tensor, "properties", selections)


def slice_backward(tensor: TensorMap, selection: Labels):
    return backward(slice_samples(tensor, selection), tensor)


def split_backward(tensor: TensorMap, selections: List[Labels]):
    outputs = [one.values for part in split_samples(tensor, selections) for one in part.blocks()]
    inputs = [one.values for one in tensor.blocks()]
    return torch.autograd.grad(outputs, inputs, [torch.ones_like(output) for output in outputs])


def sort(tensor: TensorMap) -> TensorMap:
    return mts.sort(tensor)


def sort_samples(tensor: TensorMap) -> TensorMap:
    return mts.sort(tensor, "samples")


def sort_backward(tensor: TensorMap):
    return backward(sort(tensor), tensor)


def half_of_systems(size: str) -> Labels:
    n_systems = {"112 blocks": 2, "1000 small blocks": 2}.get(size, len(tensor(size).block(0).samples) // 20)
    return labels(["system"], torch.arange(0, n_systems, 2))


def parts_of_systems(size: str) -> List[Labels]:
    """Up to 100 parts"""
    n_systems = {"112 blocks": 2, "1000 small blocks": 2}.get(size, len(tensor(size).block(0).samples) // 20)
    return [labels(["system"], chunk) for chunk in torch.arange(n_systems).chunk(100)]


for size in SIZES:
    for gradients in [False] if size == "1e5x64" else [False, True]:
        suffix = size + (", gradients" if gradients else "")

        @case("slice", f"slice samples, {suffix}", scripted=True)
        def _(size=size, gradients=gradients):
            return slice_samples, (tensor(size, gradients=gradients), half_of_systems(size))

        @case("slice", f"slice properties, {suffix}", scripted=True)
        def _(size=size, gradients=gradients):
            return slice_properties, (tensor(size, gradients=gradients), labels(["l"], torch.tensor([1, 2, 5])))

        @case("split", f"split samples, {suffix}", scripted=True)
        def _(size=size, gradients=gradients):
            return split_samples, (tensor(size, gradients=gradients), parts_of_systems(size))

        @case("split", f"split properties, {suffix}", scripted=True)
        def _(size=size, gradients=gradients):
            parts = [labels(["l"], torch.tensor([i])) for i in range(8)]
            return split_properties, (tensor(size, gradients=gradients), parts)

        @case("sort", f"sort, {suffix}, shuffled", scripted=True)
        def _(size=size, gradients=gradients):
            return sort, (tensor(size, gradients=gradients, order="shuffled"),)

    @case("slice", f"slice samples, {size}, forward and backward")
    def _(size=size):
        return slice_backward, (requiring_grad(tensor(size)), half_of_systems(size))

    @case("split", f"split samples, {size}, forward and backward")
    def _(size=size):
        return split_backward, (requiring_grad(tensor(size)), parts_of_systems(size))

    @case("sort", f"sort, {size}, shuffled, forward and backward")
    def _(size=size):
        return sort_backward, (requiring_grad(tensor(size, order="shuffled")),)

    @case("sort", f"sort samples, {size}, sorted", scripted=True)
    def _(size=size):
        return sort_samples, (tensor(size),)


# --- the same movement of data by torch alone: what the ratio of the large cases is to be compared with


def torch_sum(values: torch.Tensor, n_groups: int) -> torch.Tensor:
    return values.reshape([n_groups, 20, values.shape[1]]).sum(1)


def torch_var(values: torch.Tensor, n_groups: int) -> torch.Tensor:
    return values.reshape([n_groups, 20, values.shape[1]]).var(1, correction=0)


def torch_sum_properties(values: torch.Tensor, n_groups: int) -> torch.Tensor:
    return values.reshape([values.shape[0], n_groups, 8]).sum(2)


def torch_gather(values: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
    return values.index_select(0, rows).index_select(1, columns)


def torch_split(blocks: List[torch.Tensor], n_parts: int) -> List[torch.Tensor]:
    parts: List[torch.Tensor] = []
    for values in blocks:
        size = values.shape[-1] // n_parts
        for i in range(n_parts):
            parts.append(values.narrow(-1, i * size, size).clone(memory_format=torch.contiguous_format))
    return parts


@case("torch alone", "split properties, 112 blocks", scripted=True)
def _():
    return torch_split, ([one.values for one in tensor("112 blocks").blocks()], 8)


for size in ["1e4x128", "1e5x64"]:

    @case("torch alone", f"sum over samples, {size}")
    def _(size=size):
        values = tensor(size).block(0).values
        return torch_sum, (values, len(values) // 20)

    @case("torch alone", f"var over samples, {size}")
    def _(size=size):
        values = tensor(size).block(0).values
        return torch_var, (values, len(values) // 20)

    @case("torch alone", f"sum over properties, {size}")
    def _(size=size):
        values = tensor(size).block(0).values
        return torch_sum_properties, (values, values.shape[1] // 8)

    @case("torch alone", f"gather of shuffled rows and columns, {size}")
    def _(size=size):
        values = tensor(size).block(0).values
        return torch_gather, (values, torch.randperm(values.shape[0]), torch.randperm(values.shape[1]))
