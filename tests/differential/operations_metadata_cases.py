# SPDX-License-Identifier: BSD-3-Clause
"""Operations that join maps, choose blocks, and change or ask labels"""

import os

import torch
from random_data import DTYPES, NAMES

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap


#: how many maps each operation gets: more for a longer run
N_MAPS = int(os.environ.get("METATENSOR_DIFFERENTIAL_MAPS", "40"))
TOLERANCE = 1e-9
GRADIENTS = [[], [], ["x"], ["x", "y"]]
AXES = ["keys", "samples", "properties"]

#: each of them has a row in docs/differences.md
DIFFERENT = {
    "(insert|append|permute|remove|rename)_dimensions?/.* wrong .*": "an error of Labels in scripted code is a RuntimeError there",
    "(insert|append|permute|remove)_dimensions?/along components": "theirs returns the map as it is",
    "rename_dimension/.* unknown components .*": "the same",
    "(insert|append)_dimension/.* large number": "theirs takes the lowest 32 bits",
    "(insert|append)_dimension/.*empty map .*": "theirs does not look at `values` that no block needs",
    "(drop|filter)_blocks/.* unknown name.* empty map": "theirs does not look at the names of what is selected from no keys",
    "one_hot/.* unknown name": "an error of Labels in scripted code is a RuntimeError there",
    "unique_metadata/.*empty map .*": "theirs looks at the first block of an empty map, here the result is empty",
    "unique_metadata(_block)?/.* (samples|properties) none of .*": "scripted code there can not take an empty list",
    "join/.* (property names|components|sample names|gradients) union .*": "RuntimeError there, NotEqualError or ValueError here",
    "join(_blocks)?/.* dtype .*": "theirs takes the type of the first block along samples, and fails for keys that only one map has",
}


def random_map(random, **options):
    return random.map(dtype=random.choice(DTYPES), gradients=random.choice(GRADIENTS), **options)


# ------------------------------------------------------------------------------------------------------------ joins


def spread(labels, i, n):
    """Labels whose first dimension says which of ``n`` maps they are of, so that they differ from those of all others"""
    rows = labels.values.clone()
    rows[:, 0] = rows[:, 0] * n + i
    return Labels(labels.names, rows)


def with_labels(block, samples, properties, dtype):
    """``block`` with other labels and in another dtype"""
    result = TensorBlock(block.values.to(dtype), samples, block.components, properties)
    for parameter, gradient in block.gradients():
        result.add_gradient(
            parameter, TensorBlock(gradient.values.to(dtype), gradient.samples, gradient.components, properties)
        )
    return result


def part_of_join(random, block, axis, i, n, change, dtype):
    """Block that can be joined with ``block`` along ``axis``, unless ``change`` says what is wrong with it"""
    gradients = [parameter for parameter, _ in block.gradients()]
    samples = random.labels(random.choice([0, 1, 4, 12]), NAMES[:2], high=3) if axis == "samples" else block.samples
    properties = block.properties
    if axis == "properties":
        properties = random.labels(random.choice([0, 1, 3, 6]), ["n", "l"], high=2)
    if change != "not unique":
        samples = spread(samples, i, n) if axis == "samples" else samples
        properties = spread(properties, i, n) if axis == "properties" else properties
    components = block.components
    if i > 0 and change == "components" and len(components) > 0:
        components = [*components[:-1], Labels.range("other", len(components[-1]))]
    if i > 0 and change == "sample names":
        samples = Labels(["a", "b"], samples.values)
    if i > 0 and change == "property names":
        properties = Labels(["p", "q"], properties.values)
    if i > 0 and change == "gradients":
        gradients = [] if gradients else ["x"]
    if i > 0 and change == "other labels" and axis == "samples":
        properties = spread(properties, 1, 2)
    if i > 0 and change == "other labels" and axis == "properties":
        samples = spread(samples, 1, 2)
    return random.block(dtype=dtype, samples=samples, components=components, properties=properties, gradients=gradients)


CHANGES = ["nothing"] * 8 + [
    "not unique",
    "components",
    "sample names",
    "property names",
    "gradients",
    "other labels",
    "dtype",
]


def joined_maps(random, axis, change):
    """Maps that can be joined along ``axis``, with some keys that all of them have and some that only one has"""
    first = random_map(random)
    n = random.choice([1, 2, 2, 3, 5])
    maps = []
    for i in range(n):
        order = list(range(len(first)))
        if random.random() < 0.5:
            random.shuffle(order)
        if random.random() < 0.3:
            order = order[: max(1, len(order) - 1)]
        rows = first.keys.values[order]
        if random.random() < 0.2:
            rows = rows.clone()
            rows[-1] += 10 + i
        dtype = random.choice([torch.float32, torch.float64, torch.float16]) if change == "dtype" else first.block(0).values.dtype
        blocks = [part_of_join(random, first.block(j), axis, i, n, change, dtype) for j in order]
        maps.append(TensorMap(Labels(first.keys.names, rows), blocks))
    return maps


def joins(random):
    for i in range(N_MAPS):
        for axis in ["samples", "properties"]:
            change = random.choice(CHANGES)
            tensors = joined_maps(random, axis, change)
            has = "gradients" if len(tensors[0].block(0).gradients_list()) > 0 else "none"
            name = f"{i} {axis} {len(tensors)} {has} {change}"
            dimension = random.choice([None, None, "part", "n", "system"])
            for keys in ["error", "intersection", "union"]:
                text = f"join/{name} {keys} {dimension}"
                yield text, lambda: mts.join(tensors, axis, different_keys=keys, add_dimension=dimension)
            yield f"join/{name} default", lambda: mts.join(tensors, axis)
            blocks = [tensor.block(0) for tensor in tensors]
            text = f"join_blocks/{name} {dimension}"
            yield text, lambda: mts.join_blocks(blocks, axis, dimension)
            same = [tensors[0].block(0)] * 2
            yield f"join_blocks/{name} the same {dimension}", lambda: mts.join_blocks(same, axis, dimension)
    tensor = random_map(random)
    empty = TensorMap(Labels.range("k", 0), [])
    for axis in ["samples", "properties"]:
        yield f"join/none {axis}", lambda: mts.join([], axis)
        yield f"join_blocks/none {axis}", lambda: mts.join_blocks([], axis)
        yield f"join/empty maps {axis}", lambda: mts.join([empty, empty], axis)
        yield f"join/other keys {axis}", lambda: mts.join([tensor, tensor], axis, different_keys="x")
    for axis in ["keys", "components", "x"]:
        yield f"join/along {axis}", lambda: mts.join([tensor, tensor], axis)
        yield f"join_blocks/along {axis}", lambda: mts.join_blocks([tensor.block(0)] * 2, axis)


# ------------------------------------------------------------------------------------------------- choice of blocks


def blocks_of_maps(random):
    for i in range(N_MAPS):
        tensor = random_map(random, n_keys=random.choice([0, 1, 4, 12]))
        keys = tensor.keys
        chosen = random.sample(range(len(keys)), random.randint(0, len(keys)))
        selections = {
            "some": Labels(keys.names, keys.values[chosen]),
            "by one name": Labels(["b"], random.rows(2, 1, high=2)),
            "other order of names": Labels(["b", "a"], keys.values[chosen].flip(1)),
            "none": Labels.empty(keys.names),
            "all": keys,
            "not there": Labels(keys.names, torch.cat([keys.values[chosen], torch.tensor([[7, 7]], dtype=torch.int32)])),
            "unknown name": Labels.range("c", 2),
        }
        for kind, selection in selections.items():
            for name in ["drop_blocks", "filter_blocks"]:
                function = getattr(mts, name)
                copy = random.choice([True, False])
                text = f"{name}/{i} {kind}" + (" empty map" if len(tensor) == 0 else "")
                yield text, lambda: function(tensor, selection, copy=copy)
        for copy in [True, False]:
            name = f"drop_empty_blocks/{i} {copy}"
            yield name, lambda: mts.drop_empty_blocks(tensor, copy=copy)


# -------------------------------------------------------------------------------------------------------- dimensions


def labels_on(tensor, axis):
    """Labels of a map on ``axis``, of the first block if each has its own"""
    if axis == "keys" or len(tensor) == 0:
        return tensor.keys
    block = tensor.block(0)
    return {"samples": block.samples, "properties": block.properties, "components": (block.components or [block.samples])[0]}[axis]


def same_samples(random):
    """A map whose blocks have the same numbers of samples and properties, so that new values fit to all of them"""
    keys = random.labels(4, ["a", "b"], high=2)
    options = {"samples": random.labels(8, NAMES[:2]), "properties": random.labels(5, ["n", "l"], high=2), "n_components": 1}
    gradients = random.choice(GRADIENTS)
    return TensorMap(keys, [random.block(dtype=random.choice([torch.float64]), gradients=gradients, **options) for _ in range(len(keys))])


def dimensions(random):
    for i in range(N_MAPS):
        fits = same_samples(random)
        tensor = random.choice([random_map(random, n_keys=random.choice([0, 1, 5])), fits])
        text = f"{i} " + ("empty map " if len(tensor) == 0 else "")
        for axis in AXES:
            yield from new_dimensions(random, text + axis, tensor, axis)
            yield from new_columns(random, f"{i} {axis}", fits, axis)
            yield from fewer_dimensions(random, text + axis, tensor, axis)
        for axis in [*AXES, "components"]:
            yield from renamed_dimensions(random, text, tensor, axis)
    for axis in ["components", "x"]:
        yield f"insert_dimension/along {axis}", lambda: mts.insert_dimension(fits, axis, 0, "new", 1)
        yield f"append_dimension/along {axis}", lambda: mts.append_dimension(fits, axis, "new", 1)
        yield f"permute_dimensions/along {axis}", lambda: mts.permute_dimensions(fits, axis, [0])
        yield f"remove_dimension/along {axis}", lambda: mts.remove_dimension(fits, axis, "n")
    yield "rename_dimension/along x", lambda: mts.rename_dimension(fits, "x", "n", "m")


def new_dimensions(random, text, tensor, axis):
    """The same value for all entries, or a wrong one"""
    wrong = {
        "wrong length": torch.arange(37, dtype=torch.int32),
        "wrong type": torch.zeros(len(labels_on(tensor, axis))),
        "wrong shape": torch.zeros([len(labels_on(tensor, axis)), 1], dtype=torch.int32),
    }
    values = {"number": random.randint(-3, 3), "zero": 0}
    kind = random.choice([*wrong, "large number"])
    values[kind] = {**wrong, "large number": 2**40}[kind]
    for kind, value in values.items():
        place, name = random.randint(0, len(labels_on(tensor, axis).names)), random.choice(["new", "m", "a"])
        name = "new" if kind not in ["number", "zero"] else name
        yield f"insert_dimension/{text} {kind}", lambda: mts.insert_dimension(tensor, axis, place, name, value)
        yield f"append_dimension/{text} {kind}", lambda: mts.append_dimension(tensor, axis, name, value)
    place = random.choice([-1, 5])
    yield f"insert_dimension/{text} wrong place {place}", lambda: mts.insert_dimension(tensor, axis, place, "new", 1)


def new_columns(random, text, tensor, axis):
    """One value for each entry; names that are there already, or are none"""
    labels = labels_on(tensor, axis)
    dtype = random.choice([torch.int32, torch.int64])
    column = torch.tensor([random.randint(-5, 5) for _ in range(len(labels))], dtype=dtype)
    for name in ["new", random.choice(["new", labels.names[0], "no name"])]:
        place = random.randint(0, len(labels.names))
        yield f"insert_dimension/{text} {place} {name}", lambda: mts.insert_dimension(tensor, axis, place, name, column)
        yield f"append_dimension/{text} {name}", lambda: mts.append_dimension(tensor, axis, name, column)


def fewer_dimensions(random, text, tensor, axis):
    names = labels_on(tensor, axis).names
    order = random.sample(range(len(names)), len(names))
    wrong = random.choice([order[:-1], [0] * 7, [0, 7], []])
    for places, kind in [(order, "all"), ([i - len(order) for i in order], "from the end"), (wrong, "wrong")]:
        yield f"permute_dimensions/{text} {kind} {places}", lambda: mts.permute_dimensions(tensor, axis, places)
    same = [order[0]] * len(order)
    yield f"permute_dimensions/{text} {same}", lambda: mts.permute_dimensions(tensor, axis, same)
    for name in names:
        yield f"remove_dimension/{text} {name}", lambda: mts.remove_dimension(tensor, axis, name)
    yield f"remove_dimension/{text} wrong name", lambda: mts.remove_dimension(tensor, axis, "x")


def renamed_dimensions(random, text, tensor, axis):
    names = labels_on(tensor, axis).names
    unknown = random.choice(["x", "sample", "x_index", ""])
    if len(tensor) > 0 and axis == "components" and len(tensor.block(0).components) == 0:
        names = []
    for old in [*names, unknown]:
        new = random.choice(["new", "other", *names, "no name", ""])
        kind = f"{axis} {old}"
        if old == unknown:
            kind = f"unknown components {old}" if axis == "components" else f"{axis} wrong {old}"
        yield f"rename_dimension/{text}{kind} {new}", lambda: mts.rename_dimension(tensor, axis, old, new)


# ---------------------------------------------------------------------------------------------------------- metadata


def unique(random):
    for i in range(N_MAPS):
        tensor = random_map(random, n_keys=random.choice([0, 1, 5]))
        kind = "empty map " if len(tensor) == 0 else ""
        wanted = {"samples": [*NAMES[:2], "x", "sample", "x_index"], "properties": ["n", "l", "x"]}
        for axis, names in wanted.items():
            for gradient in [None, None, "x", random.choice(["y", "z"])]:
                known = names[:2] if gradient is None or axis == "properties" else ["sample", f"{gradient}_index"]
                chosen = random.choice([known[0], known[:1], known[1:], known, known[::-1]])
                wrong = random.choice([("any", random.sample(names, 2)), ("repeated", [known[0]] * 2), ("none", [])])
                for what, some in [(str(chosen), chosen), (str(known[0]), known[0]), wrong]:
                    text = f"/{i} {kind}{axis} {what} of {gradient}"
                    yield "unique_metadata" + text, lambda: mts.unique_metadata(tensor, axis, some, gradient)
                    for block in list(tensor.blocks())[:1]:
                        yield (
                            "unique_metadata_block" + text,
                            lambda: mts.unique_metadata_block(block, axis, some, gradient),
                        )
        for axis in ["keys", "components", "x"]:
            yield f"unique_metadata/{i} {kind}along {axis}", lambda: mts.unique_metadata(tensor, axis, ["n"])
            for block in list(tensor.blocks())[:1]:
                yield f"unique_metadata_block/{i} along {axis}", lambda: mts.unique_metadata_block(block, axis, ["n"])


def encodings(random):
    for i in range(2 * N_MAPS):
        labels = random.labels()
        column = random.randrange(len(labels.names))
        values = sorted(set(labels.values[:, column].tolist()))
        random.shuffle(values)
        dimensions = {
            "values": values,
            "more values": [*values, 11, -3],
        }
        kind, entries = random.choice([("one value missing", values[:-1]), ("none", [])])
        dimensions[kind] = entries
        for kind, entries in dimensions.items():
            rows = torch.tensor(entries, dtype=torch.int32).reshape(-1, 1)
            dimension = Labels([labels.names[column]], rows)
            yield f"one_hot/{i} {kind}", lambda: mts.one_hot(labels, dimension)
    yield "one_hot/an unknown name", lambda: mts.one_hot(labels, Labels.range("unknown", 2))
    yield "one_hot/two names", lambda: mts.one_hot(labels, Labels(["a", "b"], torch.zeros(1, 2, dtype=torch.int32)))


# ------------------------------------------------------------------------------------------------------------ checks


def switches(random):
    """Checks of arguments can be switched off and on"""

    def states():
        found = [mts.checks_enabled()]
        mts.unsafe_disable_checks()
        found.append(mts.checks_enabled())
        mts.unsafe_enable_checks()
        found.append(mts.checks_enabled())
        with mts.unsafe_disable_checks():
            found.append(mts.checks_enabled())
        return [*found, mts.checks_enabled()]

    yield "checks_enabled/states", states
    yield "unsafe_disable_checks/states", states
    yield "unsafe_enable_checks/states", states


def cases(random):
    yield from joins(random)
    yield from blocks_of_maps(random)
    yield from dimensions(random)
    yield from unique(random)
    yield from encodings(random)
    yield from switches(random)
