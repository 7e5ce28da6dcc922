# SPDX-License-Identifier: BSD-3-Clause
"""Modules and data sets for training: results, gradients, state dicts and errors from the same numbers of the random generator"""

import torch

from metatensor.torch import Labels, TensorBlock, TensorMap
from metatensor.torch.learn import data, nn


TOLERANCE = 1e-11

DIFFERENT = {
    "errors/(short|more) properties": "theirs looks at the number of properties when they are used",
    "errors/transformation of too few": "IndexError there, ValueError here",
    "errors/sequential of torch": "AttributeError there, TypeError here",
    "errors/sequential of fewer keys": "IndexError there, ValueError here",
    "forward/transformation of .* components": "AssertionError there, ValueError here",
    "forward/input of .*no mean": "theirs changes the values of the map that it is given",
    "forward/(invariant )?norm, no mean.*": "so it can not be differentiated",
    "forward/empty map": "IndexError there, an empty map here",
    "buffers/mixed": "theirs takes it, and can not make a state dict of it",
    "batch/.*unknown.: 1.*": "RuntimeError there, TypeError here, as for any unknown argument",
    "data/negative size": "an error when the length is asked for there, ValueError here",
    "loader/no batches": "an error there, single samples here",
    "buffers/(dotted|empty|attribute)": "theirs takes the name, and replaces what had it; KeyError here, as in torch",
}

OPTIONS = dict(dtype=torch.float64)


def labels(names, rows):
    return Labels(names, torch.tensor(rows, dtype=torch.int32).reshape(-1, len(names)))


KEYS = labels(["o3_lambda", "o3_sigma"], [[0, 1], [1, 1], [2, 1], [0, -1]])
ONE = labels(["o3_sigma"], [[-1]])
PROPERTIES = [labels(["n", "l"], [[i, 0], [i, 1], [9, i]]) for i in range(4)]
SAME = [labels(["n"], [[3], [1], [2]]) for i in range(4)]


def torch_modules(random=None):
    return [torch.nn.Sequential(torch.nn.Linear(3, 3, **OPTIONS), torch.nn.Tanh()) for _ in range(4)]


MODULES = {
    "map": lambda: nn.ModuleMap(KEYS, torch_modules()),
    "map with properties": lambda: nn.ModuleMap(KEYS, torch_modules(), PROPERTIES),
    "linear": lambda: nn.Linear(KEYS, 3, 5, **OPTIONS),
    "linear, no bias": lambda: nn.Linear(KEYS, 3, [1, 2, 3, 4], bias=False, **OPTIONS),
    "linear with properties": lambda: nn.Linear(KEYS, [3, 3, 3, 3], out_properties=PROPERTIES, **OPTIONS),
    "linear with both": lambda: nn.Linear(KEYS, 3, 3, PROPERTIES, **OPTIONS),
    "equivariant": lambda: nn.EquivariantLinear(KEYS, 3, 2, **OPTIONS),
    "equivariant, others": lambda: nn.EquivariantLinear(KEYS, 3, out_properties=SAME, invariant_keys=ONE, **OPTIONS),
    "equivariant, no bias": lambda: nn.EquivariantLinear(KEYS, 3, 2, bias=False, **OPTIONS),
    "norm": lambda: nn.LayerNorm(KEYS, [3, 3, 3, 3], PROPERTIES, **OPTIONS),
    "norm, eps": lambda: nn.LayerNorm(KEYS, [3, 3, 3, 3], eps=0.3, **OPTIONS),
    "norm, no bias": lambda: nn.LayerNorm(KEYS, [3, 3, 3, 3], bias=False, **OPTIONS),
    "norm, no mean": lambda: nn.LayerNorm(KEYS, [3, 3, 3, 3], mean=False, **OPTIONS),
    "norm, no weights": lambda: nn.LayerNorm(KEYS, [3, 3, 3, 3], elementwise_affine=False, **OPTIONS),
    "invariant norm": lambda: nn.InvariantLayerNorm(KEYS, [3], **OPTIONS),
    "invariant norm, no mean": lambda: nn.InvariantLayerNorm(KEYS, [3], SAME, ONE, mean=False, **OPTIONS),
    "relu": lambda: nn.ReLU(KEYS),
    "relu with properties": lambda: nn.ReLU(KEYS, PROPERTIES),
    "silu": lambda: nn.SiLU(KEYS),
    "tanh": lambda: nn.Tanh(KEYS, SAME),
    "invariant relu": lambda: nn.InvariantReLU(KEYS),
    "invariant silu": lambda: nn.InvariantSiLU(KEYS, invariant_keys=ONE),
    "invariant tanh": lambda: nn.InvariantTanh(KEYS, PROPERTIES),
    "sequential": lambda: nn.Sequential(KEYS, nn.Linear(KEYS, 3, 6, **OPTIONS), nn.Tanh(KEYS), nn.Linear(KEYS, 6, 2, **OPTIONS)),
    "sequential with properties": lambda: nn.Sequential(KEYS, nn.Linear(KEYS, 3, 3, **OPTIONS), nn.SiLU(KEYS, PROPERTIES)),
    "nested": lambda: nn.Sequential(KEYS, nn.Sequential(KEYS, nn.ReLU(KEYS)), nn.LayerNorm(KEYS, [3, 3, 3, 3], **OPTIONS)),
    "transformation": lambda: nn.EquivariantTransformation(torch_modules(), KEYS, 3, 3),
    "transformation, others": lambda: nn.EquivariantTransformation(torch_modules(), KEYS, 3, 3, SAME, ONE),
}


def example(random, places, gradients=()):
    """With components of 2 o3_lambda + 1, some blocks without samples"""
    blocks = []
    for place in places:
        n_components = 2 * int(KEYS.values[place, 0]) + 1
        samples = random.labels(random.choice([0, 1, 4]), ["system", "atom"], order="sorted")
        components = [Labels.range("m", n_components)]
        values = torch.randn(len(samples), n_components, 3, generator=random.seed_of_torch, dtype=torch.float64)
        block = TensorBlock(values, samples, components, Labels.range("p", 3))
        for parameter in gradients:
            block.add_gradient(parameter, random.gradient(block, parameter, 2))
        blocks.append(block)
    return TensorMap(labels(KEYS.names, [KEYS.values[place].tolist() for place in places]), blocks)


def started(name):
    """The module with parameters that are not those of the start, where these are 0 or 1"""
    torch.manual_seed(sorted(MODULES).index(name))
    module = MODULES[name]()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, dtype=parameter.dtype)
    return module


def result_and_gradients(name, tensor, script):
    module = started(name)
    values = [block.values.requires_grad_() for block in tensor.blocks()]
    result = (torch.jit.script(module) if script else module)(tensor)
    loss = sum((i + 1) * (block.values**3 + block.values**2).sum() for i, block in enumerate(result.blocks()))
    inputs = [*values, *module.parameters()]
    gradients = torch.autograd.grad(loss, inputs, allow_unused=True, retain_graph=True)
    shared = [torch.zeros_like(v) if g is None else g for g, v in zip(gradients, inputs)]
    return {"result": result, "gradients": shared}


def forward_cases(random):
    for name in MODULES:
        for text, places in {"all": range(4), "some": [3, 1], "one": [2], "turned": [3, 2, 1, 0]}.items():
            tensor = example(random, places)
            for script in [False, True]:
                if not (script and "transformation" in name):  # theirs can not be scripted
                    kind = "scripted" if script else "eager"
                    yield f"forward/{name} {text} {kind}", lambda n=name, t=tensor, s=script: result_and_gradients(n, t, s)
    tensor = example(random, range(4))
    tensor = example(random, range(4))
    for name in [name for name in MODULES if "no mean" in name]:
        its = example(random, range(4))
        yield f"forward/values of {name}", lambda name=name, its=its: started(name)(its)
        mine = example(random, range(4))
        yield f"forward/input of {name}", lambda name=name, mine=mine: [started(name)(mine), mine][1]
    yield "forward/unknown key", lambda: nn.Tanh(labels(KEYS.names, [[7, 7]]))(tensor)
    yield "forward/other names", lambda: nn.Tanh(labels(["a", "b"], KEYS.values.tolist()))(tensor)
    yield "forward/gradients", lambda: nn.Tanh(KEYS)(example(random, [1], ["x"]))
    yield "forward/empty map", lambda: nn.Tanh(KEYS)(TensorMap(labels(KEYS.names, []), []))
    yield "forward/wrong properties", lambda: nn.Linear(KEYS, 3, 4, PROPERTIES, **OPTIONS)(tensor)
    yield "forward/other dtype", lambda: nn.Linear(KEYS, 3, 4)(tensor)
    for n_components in [0, 2]:
        axes = [labels([f"c_{i}"], [[0], [1]]) for i in range(n_components)]
        block = TensorBlock(torch.ones([2] + n_components * [2] + [3]).double(), labels(["s"], [[0], [1]]), axes, SAME[0])
        one = TensorMap(labels(KEYS.names, [[1, 1]]), [block])
        yield f"forward/transformation of {n_components} components", lambda one=one: MODULES["transformation"]()(one)
        yield f"forward/norm of {n_components} components", lambda one=one: MODULES["norm"]()(one)


def contents(state):
    """Of a state dict: labels as they are stored, of blocks and maps the class and dtype only, as the bytes of files differ"""
    if isinstance(state, dict):
        return {str(key): contents(value) for key, value in state.items()}
    if isinstance(state, tuple) and len(state) == 3 and state[0] in ["metatensor.TensorBlock", "metatensor.TensorMap"]:
        return [state[0], state[2]]
    return [contents(value) for value in state] if isinstance(state, (list, tuple)) else state


class Holder(nn.Module):
    def __init__(self, tensor):
        super().__init__()
        self.register_buffer("labels", KEYS)
        self.register_buffer("map", tensor)
        self.register_buffer("nested", {"a": [tensor], "b": (tensor, KEYS)})
        self.register_buffer("cache", tensor, persistent=False)
        self.tensor = nn.Buffer(torch.ones(2))
        self.block = nn.Buffer(tensor.block(0).copy())
        self.plain = tensor


def registered(tensor, name, value):
    module = Holder(tensor)
    module.register_buffer(name, value)
    return sorted(module.state_dict()["_extra_state"])


def state_cases(random):
    for name in MODULES:
        yield f"state/{name}", lambda name=name: contents(started(name).state_dict())
    tensor = example(random, [0, 2])
    yield "state/buffers", lambda: contents(Holder(tensor).state_dict())
    yield "state/moved buffers", lambda: contents(Holder(tensor).to(torch.float32).state_dict())
    moved = Holder(tensor).to(torch.float32)
    yield "buffers/moved", lambda: [moved.map, moved.nested, moved.cache, moved.tensor, moved.block, moved.plain, moved.labels]
    values = {"number": 3, "text": "a", "numbers": [3, 4], "labels": KEYS, "mixed": [3, KEYS], "no elements": []}
    for name, value in values.items():
        yield f"buffers/{name}", lambda name=name, value=value: registered(tensor, name, value)
    for case, name in {"again": "map", "number as name": 3, "dotted": "a.b", "empty": "", "attribute": "plain"}.items():
        yield f"buffers/{case}", lambda name=name: registered(tensor, name, KEYS)


def error_cases():
    makers = {
        "no out_features": lambda: nn.Linear(KEYS, 3),
        "short in_features": lambda: nn.Linear(KEYS, [3, 3], 2),
        "short out_features": lambda: nn.Linear(KEYS, 3, [2, 2]),
        "float in_features": lambda: nn.Linear(KEYS, 3.0, 3),
        "text in_features": lambda: nn.Linear(KEYS, "a", 3),
        "short out_properties": lambda: nn.Linear(KEYS, 3, out_properties=SAME[:2]),
        "short properties": lambda: nn.ModuleMap(KEYS, torch_modules(), SAME[:2]),
        "more properties": lambda: nn.ModuleMap(KEYS, torch_modules(), SAME + SAME),
        "few modules": lambda: nn.ModuleMap(KEYS, torch_modules()[:2]),
        "no modules": lambda: nn.ModuleMap(KEYS, [1, 2, 3, 4]),
        "no keys": lambda: nn.ReLU([1, 2]),
        "invariant features": lambda: nn.InvariantLayerNorm(KEYS, [3, 3]),
        "no o3_lambda": lambda: nn.InvariantReLU(labels(["l"], [[0]])),
        "no o3_sigma": lambda: nn.EquivariantLinear(labels(["o3_lambda"], [[0]]), 3, 3),
        "other dimension": lambda: nn.InvariantReLU(KEYS, invariant_keys=labels(["k"], [[0]])),
        "sequential of torch": lambda: nn.Sequential(KEYS, torch.nn.ReLU()),
        "sequential of fewer keys": lambda: nn.Sequential(KEYS, nn.ReLU(labels(KEYS.names, [[0, 1]]))),
        "transformation of too few": lambda: nn.EquivariantTransformation(torch_modules()[:2], KEYS, 3, 3),
        "transformation features": lambda: nn.EquivariantTransformation(torch_modules(), KEYS, [3, 3], 3),
        "missing state": lambda: nn.Tanh(KEYS).load_state_dict({}),
    }
    for name, make in makers.items():
        yield f"errors/{name}", lambda make=make: [make(), 0][1]


def system_map(random, system):
    """One sample for each of some atoms of a system, for two keys"""
    blocks = []
    for _ in range(2):
        rows = [[system, atom] for atom in range(random.randint(0, 3))]
        samples = labels(["system", "atom"], rows)
        blocks.append(TensorBlock(random.values([len(rows), 2]), samples, [], Labels.range("p", 2)))
    return TensorMap(labels(["key"], [[0], [1]]), blocks)


def named(sample):
    return {"kind": type(sample).__name__, "fields": list(sample._fields), "values": list(sample)}


def data_cases(random):
    Dataset, Indexed = data.Dataset, data.IndexedDataset
    fields = {"map": [system_map(random, i) for i in range(7)], "number": list(range(7))}
    fields["row"] = [torch.arange(3) + i for i in range(7)]
    fields["rows"] = [random.values([random.randint(0, 2), 3]) for _ in range(7)]
    fields["scalar"] = [torch.tensor(i) for i in range(7)]
    dataset = Dataset(**fields, square=lambda i: i**2)
    indexed = Indexed([f"s{i}" for i in range(7)], **fields, text=lambda name: name + "!")
    for name, one in {"plain": dataset, "indexed": indexed}.items():
        yield f"data/{name}", lambda one=one: [len(one), *(named(sample) for sample in one)]
        for index in [0, 6, 7, -1, "a", "3", 1.0, torch.tensor(2), None, [1], slice(0, 2)]:
            yield f"data/{name}[{index!r}]", lambda one=one, index=index: named(one[index])
    for identifier in ["s2", "q", 3, [1]]:
        yield f"data/get_sample {identifier!r}", lambda identifier=identifier: named(indexed.get_sample(identifier))
    makers = {
        "nothing": lambda: Dataset(),
        "no size": lambda: Dataset(a=lambda i: i),
        "size": lambda: len(Dataset(size=3, a=lambda i: i)),
        "other size": lambda: Dataset(size=3, a=[1, 2]),
        "negative size": lambda: [Dataset(size=-1, a=lambda i: i), 0][1],
        "size text": lambda: Dataset(size="a", a=lambda i: i)[0],
        "other lengths": lambda: Dataset(a=[1, 2], b=[1]),
        "mixed": lambda: Dataset(a=[1, "b"]),
        "number": lambda: Dataset(a=3),
        "tensor": lambda: Dataset(a=torch.ones(2)),
        "tuple": lambda: Dataset(a=(1, 2)),
        "failing": lambda: Dataset(a=lambda i: 1 / i, size=2)[0],
        "repeated": lambda: Indexed(["x", "x"], a=[1, 2]),
        "sample_id length": lambda: Indexed(["x"], a=[1, 2]),
        "sample_id number": lambda: Indexed(3, a=[1]),
        "sample_id tuple": lambda: len(Indexed((1, 2), a=[1, 2])),
        "sample_id range": lambda: len(Indexed(range(2), a=[1, 2])),
        "sample_id list": lambda: Indexed([[1]], a=[1]),
    }
    for name, make in makers.items():
        yield f"data/{name}", lambda make=make: [make(), 0][1]

    some = [dataset[i] for i in [4, 0, 3]]
    for name, one in {"group": data.group, "group_and_join": data.group_and_join}.items():
        yield f"batch/{name}", lambda one=one: named(one(some))
        yield f"batch/{name} of one", lambda one=one: named(one(some[:1]))
        yield f"batch/{name} of none", lambda one=one: named(one([]))
        yield f"batch/{name} of tuples", lambda one=one: named(one([(1, 2), (3, 4)]))
    for chosen in [["map"], ["rows", "unknown"], "row", []]:
        yield f"batch/fields {chosen}", lambda chosen=chosen: named(data.group_and_join(some, fields_to_join=chosen))
    for options in [{"add_dimension": "n"}, {"axis": "samples"}, {"unknown": 1}]:
        yield f"batch/{options}", lambda options=options: named(data.group_and_join(some, join_kwargs=options))
    yield "batch/number, then tensor", lambda: named(data.group_and_join([Dataset(a=[1])[0], Dataset(a=[torch.ones(1)])[0]]))
    yield "batch/tensor, then number", lambda: named(data.group_and_join([Dataset(a=[torch.ones(1)])[0], Dataset(a=[1])[0]]))
    yield from loader_cases(dataset)


def loader_cases(dataset):
    part, _ = torch.utils.data.random_split(dataset, [4, 3], torch.Generator().manual_seed(1))
    for name, one, options in [
        ("one by one", dataset, {}),
        ("pairs", dataset, {"batch_size": 2}),
        ("dropped", dataset, {"batch_size": 3, "drop_last": True}),
        ("shuffled", dataset, {"batch_size": 3, "shuffle": True, "generator": torch.Generator().manual_seed(0)}),
        ("grouped", dataset, {"batch_size": 3, "collate_fn": data.group}),
        ("part", part, {"batch_size": 3}),
        ("no batches", dataset, {"batch_size": None}),
    ]:
        yield f"loader/{name}", lambda one=one, options=options: [named(b) for b in data.DataLoader(one, **options)]


def cases(random):
    yield from forward_cases(random)
    yield from state_cases(random)
    yield from error_cases()
    yield from data_cases(random)
