# SPDX-License-Identifier: BSD-3-Clause
"""Every method of Labels and LabelsEntry"""

import copy
import pickle

import torch
from random_data import NAMES

from metatensor.torch import Labels


DIFFERENT = {
    "create/int64 out of range": "theirs keeps the lowest 32 bits",
    "(position|contains)/.* large .*": "theirs keeps the lowest 32 bits, so that it finds other entries",
    "create/range -1": "RuntimeError of torch.arange there, ValueError here",
    "print/.*": "theirs prints the same row twice when less than two are asked for of a few",
}


def int32(rows, n_columns):
    return torch.tensor(rows, dtype=torch.int32).reshape(-1, n_columns)


def creation(random):
    values = int32([[1, 2], [3, 4]], 2)
    for kind, names in {
        "str": "a",
        "list": ["a"],
        "tuple": ("a",),
        "int": 3,
        "list of int": [3],
        "none": None,
        "empty str": "",
        "space": "a b",
        "digit": "1a",
        "underscore": "_a1",
        "accent": "é",
    }.items():
        yield f"create/names {kind}", lambda: Labels(names, int32([[1], [2]], 1))
    yield "create/too many names", lambda: Labels(["a", "b", "c"], values)
    yield "create/too few names", lambda: Labels(["a"], values)
    yield "create/same name twice", lambda: Labels(["a", "a"], values)
    yield "create/1D", lambda: Labels(["a"], values[0])
    yield "create/3D", lambda: Labels(["a", "b"], values.reshape(1, 2, 2))
    yield "create/twice the same", lambda: Labels(["a", "b"], int32([[1, 2], [0, 0], [1, 2]], 2))
    yield "create/twice the same, sorted", lambda: Labels(["a", "b"], int32([[0, 2], [1, 2], [1, 2]], 2))
    yield "create/twice, unchecked", lambda: Labels(["a", "b"], int32([[1, 2], [1, 2]], 2), assume_unique=True)
    for dtype in [torch.int64, torch.int16, torch.int8, torch.uint8, torch.bool, torch.float32, torch.float64]:
        yield f"create/{dtype}", lambda: Labels(["a", "b"], int32([[0, 1], [1, 0]], 2).to(dtype))
        yield f"create/no entry, {dtype}", lambda: Labels(["a", "b"], torch.zeros([0, 2], dtype=dtype))
    yield "create/int64 out of range", lambda: Labels(["a"], torch.tensor([[2**40 + 1]]))
    yield "create/requires grad", lambda: Labels(["a"], torch.zeros([1, 1], requires_grad=True))
    yield "create/not contiguous", lambda: Labels(["a", "b"], torch.arange(8, dtype=torch.int32).reshape(2, 4).T[:, :2])
    yield "create/no dimension", lambda: Labels([], torch.zeros([0, 0], dtype=torch.int32))
    yield "create/no dimension, one entry", lambda: Labels([], torch.zeros([1, 0], dtype=torch.int32))
    yield "create/single", Labels.single
    for names in ["a", ["a", "b"], ("a",), 3]:
        yield f"create/empty {names}", lambda: Labels.empty(names)
    for end in [0, 1, 5, -1]:
        yield f"create/range {end}", lambda: Labels.range("a", end)
    for i in range(40):
        n_columns = random.randint(1, 5)
        rows = [[random.randint(0, 2) for _ in range(n_columns)] for _ in range(random.choice([2, 3, 6]))]
        yield f"create/random {i}", lambda: Labels(NAMES[:n_columns], int32(rows, n_columns))


def single_methods(random):
    for i in range(60):
        labels = random.labels(low=random.choice([0, -5, -(2**31)]), high=random.choice([3, 9, 2**31 - 1]))
        yield f"print/{i}", lambda: [labels.print(n, indent) for n in (-1, 0, 1, 3, 8) for indent in (0, 4)]
        yield f"str/{i}", lambda: [str(labels), repr(labels), len(labels), list(labels.names), str(labels.device)]
        yield f"buffer/{i}", lambda: Labels.load_buffer(labels.save_buffer())
        yield f"pickle/{i}", lambda: [pickle.loads(pickle.dumps(labels)), copy.deepcopy(labels)]
        yield f"to/{i}", lambda: [labels.to("cpu"), labels.to(None), labels.to(torch.device("cpu"), non_blocking=True)]
        yield f"iterate/{i}", lambda: list(labels)
        for index in [0, -1, len(labels), -len(labels) - 1, "atom", "no such", 1.5, None]:
            yield f"getitem/{i} {index}", lambda: labels[index]
            yield f"entry/{i} {index}", lambda: labels.entry(index)
        for name in [*labels.names, "no such"]:
            yield f"column/{i} {name}", lambda: labels.column(name)
            yield f"remove/{i} {name}", lambda: labels.remove(name)
            for new in ["new", "atom", "not good"]:
                yield f"rename/{i} {name} {new}", lambda: labels.rename(name, new)
        n = len(labels)
        for n_values, name, dtype in [(n, "new", torch.int32), (n, "new", torch.int64), (n + 1, "new", torch.int32)] + [
            (n, "system", torch.int32),
            (n, "new", torch.float64),
        ]:
            values = torch.arange(n_values, dtype=dtype)
            yield f"append/{i} {n_values} {name} {dtype}", lambda: labels.append(name, values)
            for index in [0, 1, 5, -1]:
                yield f"insert/{i} {n_values} {name} {dtype} {index}", lambda: labels.insert(index, name, values)
        order = list(range(labels.values.shape[1]))
        random.shuffle(order)
        for places in [order, [p - len(order) for p in order], [*order, 0], order[1:], [7] * len(order), [0] * len(order)]:
            yield f"permute/{i} {places}", lambda: labels.permute(places)


def entries_of(random, labels):
    """Entries that may be in ``labels``, in every form"""
    n_columns = labels.values.shape[1]
    row = labels.values[random.randrange(len(labels))].tolist() if len(labels) > 0 else [0] * n_columns
    other = [random.randint(0, 4) for _ in range(n_columns)]
    for kind, values in {"in": row, "other": other, "long": [*row, 1], "short": row[:-1], "large": [2**40 + r for r in row]}.items():
        yield f"{kind} list", values
        yield f"{kind} tuple", tuple(values)
        yield f"{kind} tensor", torch.tensor(values, dtype=torch.int64)
    yield "float", [0.5] * n_columns
    yield "float tensor", torch.zeros(n_columns)
    yield "2D", torch.zeros([1, n_columns], dtype=torch.int32)
    yield "str", "abc"
    yield "int", 3
    yield "none", None
    if len(labels) > 0:
        yield "entry", labels.entry(len(labels) - 1)
        yield "entry of other names", Labels([f"x{i}" for i in range(n_columns)], labels.values).entry(0)


def look_up(random):
    for i in range(40):
        labels = random.labels(high=random.choice([3, 9]))
        for kind, entry in entries_of(random, labels):
            yield f"position/{i} {kind}", lambda: labels.position(entry)
            yield f"contains/{i} {kind}", lambda: entry in labels
        for index in [0, -1, 1, 7, -7, "atom", "system", "no such", 1.5]:
            if len(labels) > 0:
                yield f"entry getitem/{i} {index}", lambda: labels.entry(0)[index]
    a = Labels(["a", "b"], int32([[1, 2], [3, 4]], 2))
    b = Labels(["a", "c"], int32([[1, 2], [3, 4]], 2))
    entry = a.entry(1)
    yield "entry/all", lambda: [str(entry), repr(entry), entry.print(), len(entry), list(entry.names), str(entry.device)]
    yield "entry/values", lambda: entry.values
    yield "entry/equal", lambda: [entry == a[1], entry != a[1], entry == a[0], entry != a[0], entry == b[1]]
    yield "entry/iterate", lambda: list(entry)
    yield "entry/other type", lambda: entry == 3
    yield "entry/pickle", lambda: pickle.dumps(entry)


def pairs_of(random, n):
    for i in range(n):
        names = NAMES[: random.randint(1, 5)]
        low, high = random.choice([(0, 2), (0, 5), (-3, 3), (0, 40), (-(2**31), 2**31 - 1)])
        first, second = (random.labels(random.choice([0, 1, 4, 40, 200]), names, low, high) for _ in range(2))
        yield i, first, second


def set_methods(random):
    for i, a, b in pairs_of(random, 250):
        for name in ["union", "intersection", "difference"]:
            yield f"{name}/{i}", lambda: getattr(a, name)(b)
            yield f"{name}_and_mapping/{i}", lambda: getattr(a, f"{name}_and_mapping")(b)
        yield f"equal/{i}", lambda: [a == b, a != b, a == a, a == Labels(a.names, a.values.clone())]
        yield f"select/{i} same", lambda: a.select(b)
        names = random.sample(a.names, random.randint(1, len(a.names)))
        selection = random.labels(random.choice([0, 1, 5]), names, high=4)
        yield f"select/{i} {names}", lambda: a.select(selection)
    a, b = (Labels(names, int32([[1, 2], [3, 4]], 2)) for names in (["a", "b"], ["b", "a"]))
    c = Labels(["a"], int32([[1]], 1))
    for other_name, other in {"permuted": b, "fewer": c, "none": None, "str": "a"}.items():
        for name in ["union", "intersection", "difference", "select"]:
            yield f"{name}/other names, {other_name}", lambda: getattr(a, name)(other)
        yield f"equal/other names, {other_name}", lambda: a == other
    yield "select/no such name", lambda: a.select(Labels(["x"], int32([[1]], 1)))
    yield "select/no dimension", lambda: a.select(Labels([], torch.zeros([0, 0], dtype=torch.int32)))


def cases(random):
    yield from creation(random)
    yield from single_methods(random)
    yield from look_up(random)
    yield from set_methods(random)
