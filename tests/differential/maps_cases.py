# SPDX-License-Identifier: BSD-3-Clause
"""Every method of TensorMap"""

import copy
import pickle

import torch
from random_data import DTYPES

from metatensor.torch import Labels, TensorMap


DIFFERENT = {
    "block_by_id/.*": "theirs refuses negative indices",
    "blocks_by_id/.*": "theirs refuses negative indices",
    ".*/.* large value": "theirs keeps the lowest 32 bits, so that it finds other blocks",
    "blocks/.* float": "ValueError there, TypeError here, as `block` has in both",
    "components/.* None": "RuntimeError of an internal check there, TypeError here",
    "components/several, .*": "theirs exchanges axes where one is to be moved",
}


def keys_of(n):
    return Labels.range("k", n)


def creation(random):
    def blocks(first=None, second=None):
        """Two blocks that fit together unless told otherwise"""
        options = {"samples": keys_of(2), "properties": keys_of(3), "components": [], "dtype": torch.float64}
        return [random.block(**{**options, **(changes or {})}) for changes in (first, second)]

    other = Labels.range("other", 2)
    yield "create/good", lambda: TensorMap(keys_of(2), blocks())
    yield "create/other samples", lambda: TensorMap(keys_of(2), blocks({"samples": keys_of(5)}))
    yield "create/too many keys", lambda: TensorMap(keys_of(3), blocks())
    yield "create/too few keys", lambda: TensorMap(keys_of(1), blocks())
    yield "create/empty", lambda: TensorMap(keys_of(0), [])
    yield "create/no keys", lambda: TensorMap(None, blocks())
    yield "create/keys of no dimension", lambda: TensorMap(Labels([], torch.zeros([0, 0], dtype=torch.int32)), [])
    for what, changes in {
        "dtype": {"dtype": torch.float32},
        "sample names": {"samples": other},
        "property names": {"properties": other},
        "components": {"components": [other]},
        "gradients": {"gradients": ["x"]},
    }.items():
        yield f"create/other {what} in the second", lambda: TensorMap(keys_of(2), blocks(None, changes))
        yield f"create/other {what} in both", lambda: TensorMap(keys_of(2), blocks(changes, changes))
        yield f"create/other {what} in the first", lambda: TensorMap(keys_of(2), blocks(changes))
    both_orders = [["x", "y"], ["y", "x"]]
    yield "create/gradients in other order", lambda: TensorMap(
        keys_of(2), blocks({"gradients": both_orders[0]}, {"gradients": both_orders[1]})
    )


def methods(random):
    for i in range(40):
        tensor = random.map(
            random.choice([("a",), ("a", "b"), ("a", "b", "c")]),
            dtype=DTYPES[i % len(DTYPES)],
            gradients=random.choice([[], ["x"]]),
        )
        tensor.set_info("creator", f"case {i}")
        yield f"all/{i}", lambda: [tensor, len(tensor), tensor.device, tensor.dtype, tensor.is_view]
        yield f"names/{i}", lambda: [tensor.sample_names, tensor.component_names, tensor.property_names]
        yield f"text/{i}", lambda: [str(tensor), repr(tensor), *[tensor.print(n) for n in (-1, 0, 1, 2, 50)]]
        yield f"copy/{i}", lambda: [tensor.copy(), tensor.copy(deep=False), copy.copy(tensor), copy.deepcopy(tensor)]
        yield f"pickle/{i}", lambda: pickle.loads(pickle.dumps(tensor))
        yield f"buffer/{i}", lambda: TensorMap.load_buffer(tensor.save_buffer())
        yield f"items/{i}", lambda: tensor.items()
        yield f"iterate/{i}", lambda: list(tensor)[:2]
        yield f"to/{i}", lambda: [tensor.to(torch.float32), tensor.to("cpu", torch.float16), tensor.to(dtype=torch.float64)]
        yield f"to/{i} twice", lambda: tensor.to("cpu", "cpu")
        yield f"to/{i} arrays", lambda: tensor.to(arrays="numpy")
        for index in [0, 1, 9, -1, -9]:
            yield f"block_by_id/{i} {index}", lambda: tensor.block_by_id(index)
            yield f"blocks_by_id/{i} {index}", lambda: tensor.blocks_by_id([0, index])
        yield from selections(random, i, tensor)
    yield from empty_map()


def selections(random, i, tensor):
    names = tensor.keys.names
    row = tensor.keys.values[random.randrange(len(tensor))].tolist()
    for n in range(1, len(names) + 1):
        values = dict(zip(names[:n], row, strict=False))
        labels = Labels(list(values), torch.tensor([list(values.values())], dtype=torch.int32).reshape(1, n))
        for method in ["block", "blocks", "__getitem__"]:
            yield f"{method}/{i} dict of {n}", lambda: getattr(tensor, method)(values)
            yield f"{method}/{i} labels of {n}", lambda: getattr(tensor, method)(labels)
            yield f"{method}/{i} entry of {n}", lambda: getattr(tensor, method)(labels.entry(0))
    for method in ["block", "blocks", "__getitem__"]:
        for kind, selection in {
            "index": 0,
            "large index": 12,
            "no match": {names[0]: 77},
            "no such name": {"x": 0},
            "large value": {names[0]: 2**35},
            "float": {names[0]: 0.5},
            "two entries": Labels(names[:1], torch.tensor([[0], [1]], dtype=torch.int32)),
            "none": None,
            "str": "a",
            "list": [0],
            "empty list": [],
            "list of str": ["a"],
        }.items():
            yield f"{method}/{i} {kind}", lambda: getattr(tensor, method)(selection)
    yield f"block/{i} nothing", lambda: tensor.block()
    yield f"blocks/{i} nothing", lambda: tensor.blocks()


def empty_map():
    empty = TensorMap(Labels.empty(["a"]), [])
    for name in ["sample_names", "component_names", "property_names", "dtype", "device", "keys"]:
        yield f"empty/{name}", lambda: getattr(empty, name)
    for name in ["blocks", "items", "copy", "block", "info", "__len__", "__str__"]:
        yield f"empty/{name}", lambda: getattr(empty, name)()
    yield "empty/to", lambda: empty.to(torch.float32)
    for name in ["keys_to_samples", "keys_to_properties", "components_to_properties"]:
        for names in ["a", "x", []]:
            yield f"empty/{name} {names}", lambda: getattr(empty, name)(names)


def info(random):
    tensor = random.map()
    yield "info/set", lambda: [tensor.set_info("a", "1"), tensor.set_info("b", "2"), tensor.set_info("a", "3"), tensor]
    yield "info/get", lambda: [tensor.get_info("a"), tensor.get_info("no such")]
    yield "info/dictionary", lambda: dict(tensor.info())
    yield "info/empty", lambda: [tensor.set_info("", "x"), tensor.set_info("é", "ü"), tensor]
    yield "info/not str", lambda: tensor.set_info("c", 3)
    for name in ["copy", "keys_to_samples", "keys_to_properties"]:
        yield f"info/{name}", lambda: getattr(tensor, name)(*(["a"] if name != "copy" else []))


def moved_keys(random, tensor):
    """What keys_to_* take: names in every form, and Labels"""
    names = tensor.keys.names
    for moved in [names[0], [names[-1]], tuple(names), names[::-1], [], "no such", [names[0], names[0]], None, 3]:
        yield f"{moved}", moved
    yield "labels", Labels(names[:1], torch.zeros([0, 1], dtype=torch.int32))
    yield "labels with entries", Labels(names[:1], torch.tensor([[1], [7], [0]], dtype=torch.int32))
    yield "labels with all entries", Labels(names, tensor.keys.values.flip(0))


def moves(random):
    for i in range(60):
        tensor = random.map(
            random.choice([("a",), ("a", "b"), ("a", "b", "c")]),
            dtype=random.choice(DTYPES),
            gradients=random.choice([[], ["x"], ["x", "y"]]),
            same_properties=i % 2 == 0,
        )
        for kind, moved in moved_keys(random, tensor):
            for method in ["keys_to_samples", "keys_to_properties"]:
                for options in [{}, {"sort_samples": False}, {"fill_value": 1}]:
                    yield f"{method}/{i} {kind} {options}", lambda: getattr(tensor, method)(moved, **options)
        yield f"fill value/{i}", lambda: tensor.keys_to_properties(tensor.keys.names, fill_value=2.5)
        for moved in ["c", ["c"], ("c",), "no such", ["c", "c"], [], None]:
            yield f"components/{i} {moved}", lambda: tensor.components_to_properties(moved)
    block, other = (random.block(samples=keys_of(2), components=[Labels.range("c", n)]) for n in (1, 2))
    different_components = TensorMap(keys_of(2), [block, other])
    for method in ["keys_to_samples", "keys_to_properties"]:
        yield f"{method}/other components", lambda: getattr(different_components, method)("k")
    yield "components/other components", lambda: different_components.components_to_properties("c")
    yield from moves_of_several_components(random)
    yield from moves_of_nested_gradients(random)


def moves_of_several_components(random):
    components = [Labels.range(f"c_{i}", n) for i, n in enumerate([2, 3, 2])]
    tensor = TensorMap(keys_of(1), [random.block(samples=keys_of(2), components=components, gradients=["x"])])
    for moved in [["c_2"], ["c_2", "c_1"], ["c_1"], ["c_2", "c_1", "c_0"]]:
        yield f"components/{moved}", lambda: tensor.components_to_properties(moved)
    for moved in [["c_0"], ["c_0", "c_1"], ["c_0", "c_1", "c_2"]]:
        yield f"components/several, {moved}", lambda: tensor.components_to_properties(moved)


def moves_of_nested_gradients(random):
    block = random.block(samples=keys_of(3), components=[Labels.range("c", 2)], properties=keys_of(2))
    gradient = random.gradient(block, "x", 5)
    gradient.add_gradient("y", random.gradient(gradient, "y", 5))
    block.add_gradient("x", gradient)
    tensor = TensorMap(keys_of(1), [block])
    yield "nested/samples", lambda: tensor.keys_to_samples("k")
    yield "nested/properties", lambda: tensor.keys_to_properties("k")
    yield "nested/components", lambda: tensor.components_to_properties("c")


def autograd(random):
    for i in range(10):
        tensor = random.map(("a", "b"), n_keys=5, gradients=random.choice([[], ["x"]]))
        values = [block.values.requires_grad_(True) for block in tensor.blocks()]
        for gradient in [block.gradient("x") for block in tensor.blocks() if block.has_gradient("x")]:
            values.append(gradient.values.requires_grad_(True))
        for method, moved in [("keys_to_samples", "a"), ("keys_to_properties", "b"), ("to", torch.float32), ("copy", True)]:

            def derivative():
                blocks = getattr(tensor, method)(moved).blocks()
                blocks += [gradient for block in blocks for _, gradient in block.gradients()]
                weighted = [(block.values**2 * torch.arange(block.values.numel()).reshape(block.values.shape)).sum() for block in blocks]
                return [g if g is not None and g.numel() > 0 else 0 for g in torch.autograd.grad(sum(weighted), values, allow_unused=True)]

            yield f"derivative/{i} {method}", derivative


def cases(random):
    yield from creation(random)
    yield from methods(random)
    yield from info(random)
    yield from moves(random)
    yield from autograd(random)
