# SPDX-License-Identifier: BSD-3-Clause
"""Operations that reduce, choose and sort samples and properties"""

import os

import torch
from random_data import NAMES

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap


#: how many maps each operation gets: more for a longer run
N_MAPS = int(os.environ.get("METATENSOR_DIFFERENTIAL_MAPS", "40"))
TOLERANCE = 1e-6
DTYPES = [torch.float64, torch.float64, torch.float32, torch.int64, torch.float16]
PROPERTY_NAMES = ["n", "l"]

DIFFERENT = {
    ".*no such map": "theirs looks at the first block of an empty map, ours has nothing to do for it",
    "[a-z]+_over_[a-z]+_block/ unknown dimension.*": "theirs ignores unknown dimensions of blocks, ValueError here as for maps",
    "(mean|var|std)_over_samples.*gradients.*": "theirs divides gradients by the number of their entries, not of samples",
    "(mean|var|std)_over_properties.*": "theirs divides along a component where there are components",
    "(mean|var|std)_over_.*int64.*": "theirs refuses integers or gives blocks of several types, here all become floating point",
    "(var|std).*float(16|32).*": "theirs is the mean of squares minus the square of the mean, with larger rounding errors",
    ".*all dimensions of none.*": "theirs gives labels without dimension, other than for blocks that are not empty",
    "(slice|split)_block/.* repeated samples.*": "theirs makes samples that are not unique",
    "(slice|split).* out of range.*": "RuntimeError of torch's indexing there, IndexError here",
    "(slice|split).* float places.*": "RuntimeError of torch's indexing there, TypeError here",
    "(slice|split)_block/.* samples, booleans.*": "theirs fails, here they select samples as they select properties",
    "sort.* of empty blocks.*": "theirs does not sort the other axes of blocks without samples, and fails for gradients",
}


def random_map(random, dtype, gradients, n_keys=None):
    """A map as those of Random, with few components, some empty blocks, and entries in any order"""
    return random.map(n_keys=n_keys, dtype=dtype, gradients=gradients)


def maps(random, dtypes=DTYPES):
    """Descriptions and maps"""
    for i in range(N_MAPS):
        dtype = random.choice(dtypes)
        gradients = random.choice([[], [], ["x"], ["x", "y"]])
        text = f"{i} {str(dtype)[6:]}" + (" gradients" if gradients else "")
        yield text, random_map(random, dtype, gradients)


def some_names(random, names):
    """One or several names as a string or a list"""
    chosen = random.sample(names, random.randint(1, len(names)))
    return chosen[0] if len(chosen) == 1 and random.random() < 0.5 else chosen


def reductions(random):
    for statistic in ["sum", "mean", "var", "std"]:
        for axis, names in [("samples", NAMES[:2]), ("properties", PROPERTY_NAMES)]:
            name = f"{statistic}_over_{axis}"
            function, block_function = getattr(mts, name), getattr(mts, name + "_block")
            for text, tensor in maps(random):
                chosen = some_names(random, names)
                every = " all dimensions" if len(chosen) == len(names) else ""
                is_empty = any(len(block.samples if axis == "samples" else block.properties) == 0 for block in tensor.blocks())
                every += " of none" if every and is_empty else ""
                yield f"{name}/{text}{every}", lambda: function(tensor, chosen)
                block = tensor.block(0)
                none = len(block.samples if axis == "samples" else block.properties) == 0
                every = (" all dimensions" + (" of none" if none else "")) if len(chosen) == len(names) else ""
                yield f"{name}_block/{text}{every}", lambda: block_function(block, chosen)
            block = random.block(properties=random.labels(names=PROPERTY_NAMES))
            tensor = TensorMap(Labels.range("k", 1), [block.copy()])
            empty = TensorMap(Labels.range("k", 0), [])
            yield f"{name}/unknown dimension", lambda: function(tensor, ["x"])
            yield f"{name}_block/ unknown dimension", lambda: block_function(block, ["x"])
            yield f"{name}/no such map", lambda: function(empty, names)


def some_places(random, count):
    return random.sample(range(-count, 0), random.randint(0, count)) if random.random() < 0.3 else random.sample(
        range(count), random.randint(0, count)
    )


def selections(random, labels, axis):
    """Descriptions and selections of entries of ``labels``"""
    names, count = labels.names, len(labels)
    places = some_places(random, count)
    if places:
        yield "list", places
    yield "tensor", torch.tensor(places, dtype=random.choice([torch.int64, torch.int32]))
    columns = random.sample(range(len(names)), random.randint(1, len(names)))
    rows = torch.cat([labels.values[torch.tensor(places, dtype=torch.int64)], random.rows(2, len(names), high=3)])[:, columns]
    rows = torch.tensor(list(dict.fromkeys(map(tuple, rows.tolist()))), dtype=torch.int32).reshape(-1, len(columns))
    yield "labels", Labels([names[i] for i in columns], rows)
    yield "no labels", Labels.empty([names[i] for i in columns])
    yield "out of range", [count]
    yield f"{axis}, booleans", torch.arange(count) % 2 == 0
    yield "float places", torch.zeros(1)
    yield "2D places", torch.zeros(1, 1, dtype=torch.int64)
    yield "unknown dimension", Labels.range("unknown", 2)
    if count > 0:
        yield f"repeated {axis}", [0, 0]


def slices(random):
    for text, tensor in maps(random):
        for axis in ["samples", "properties"]:
            block = max(tensor.blocks(), key=lambda block: len(block.samples))
            labels = block.samples if axis == "samples" else block.properties
            if axis == "samples" and len(labels) < 2:
                continue
            found = dict(selections(random, labels, axis))
            for kind, selection in found.items():
                yield f"slice_block/{text}, {kind}", lambda: mts.slice_block(block, axis, selection)
                if isinstance(selection, list) or random.random() < 0.2:
                    yield f"split_block/{text}, {kind}", lambda: mts.split_block(block, axis, [selection])
            for kind in ["labels", "no labels", "unknown dimension"]:
                yield f"slice/{text}, {axis} by {kind}", lambda: mts.slice(tensor, axis, found[kind])
            several = [Labels(labels.names[:1], torch.tensor([[i]], dtype=torch.int32)) for i in range(4)]
            random.shuffle(several)
            overlapping = [*several, random.choice(several), labels]
            yield f"split/{text}, {axis}", lambda: mts.split(tensor, axis, several)
            yield f"split/{text}, overlapping {axis}", lambda: mts.split(tensor, axis, overlapping)
            places = [torch.tensor(some_places(random, len(labels)), dtype=torch.int64) for _ in range(3)]
            yield f"split_block/{text}, places of {axis}", lambda: mts.split_block(block, axis, places)
    tensor = random_map(random, torch.float64, [])
    empty = TensorMap(Labels.range("k", 0), [])
    for axis in ["keys", "components", "x"]:
        yield f"slice/along {axis}", lambda: mts.slice(tensor, axis, Labels.range(NAMES[0], 2))
        yield f"split/along {axis}", lambda: mts.split(tensor, axis, [Labels.range(NAMES[0], 2)])
    yield "slice/no such map", lambda: mts.slice(empty, "samples", Labels.range(NAMES[0], 2))


def sorts(random):
    axes = ["keys", "samples", "components", "properties"]
    for text, tensor in maps(random):
        chosen = random.choice([*axes, "all", random.sample(axes, random.randint(1, 4))])
        descending = random.random() < 0.4
        empty = " of empty blocks" if any(len(block.samples) == 0 for block in tensor.blocks()) else ""
        yield f"sort/{text}{empty}", lambda: mts.sort(tensor, chosen, descending)
        block = random.choice(tensor.blocks())
        empty = " of empty blocks" if len(block.samples) == 0 else ""
        for_block = chosen if isinstance(chosen, str) else [axis for axis in chosen if axis != "keys"] or "keys"
        yield f"sort_block/{text}{empty}", lambda: mts.sort_block(block, for_block, descending)
    for bad in ["x", ["samples", "x"], ["all"]]:
        yield f"sort/axes {bad}", lambda: mts.sort(tensor, bad)
        yield f"sort_block/axes {bad}", lambda: mts.sort_block(block, bad)
    yield "sort/no map", lambda: mts.sort(TensorMap(Labels.range("k", 0), []))


def cases(random):
    yield from reductions(random)
    yield from slices(random)
    yield from sorts(random)
