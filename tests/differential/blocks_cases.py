# SPDX-License-Identifier: BSD-3-Clause
"""Every method of TensorBlock"""

import copy
import pickle

import torch
from random_data import DTYPES

from metatensor.torch import Labels, TensorBlock, TensorMap


def creation(random):
    samples, properties = Labels.range("s", 2), Labels.range("p", 3)
    c, d = Labels.range("c", 2), Labels.range("d", 1)
    two_dimensions = Labels(["a", "b"], torch.zeros([1, 2], dtype=torch.int32))
    arguments = {
        "plain": ([2, 3], samples, [], properties),
        "components": ([2, 2, 1, 3], samples, [c, d], properties),
        "no samples": ([0, 3], Labels.range("s", 0), [], properties),
        "no properties": ([2, 0], samples, [], Labels.range("p", 0)),
        "too few dimensions": ([2], samples, [], properties),
        "too many dimensions": ([2, 2, 3], samples, [], properties),
        "other samples": ([3, 3], samples, [], properties),
        "other components": ([2, 3, 3], samples, [c], properties),
        "other properties": ([2, 2], samples, [], properties),
        "component of two dimensions": ([2, 1, 3], samples, [two_dimensions], properties),
        "component without entry": ([2, 0, 3], samples, [Labels.range("c", 0)], properties),
        "same component twice": ([2, 2, 2, 3], samples, [c, c], properties),
        "samples and properties of one name": ([2, 2], samples, [], samples),
        "samples and components of one name": ([2, 2, 3], samples, [samples], properties),
    }
    for name, (shape, *labels) in arguments.items():
        for dtype in [torch.float64, torch.int32, torch.bool, torch.complex128, torch.bfloat16]:
            yield f"create/{name} {dtype}", lambda: TensorBlock(random.values(shape, dtype), *labels)
    yield "create/no tensor", lambda: TensorBlock(3, samples, [], properties)
    yield "create/no labels", lambda: TensorBlock(torch.zeros(2, 3), samples, None, properties)


def blocks_of(random, n):
    for i in range(n):
        gradients = random.choice([[], ["x"], ["x", "strain"]])
        block = random.block(dtype=DTYPES[i % len(DTYPES)], gradients=gradients)
        if gradients and i % 3 == 0:  # gradients of gradients
            nested = random.block(samples=block.samples, components=block.components, properties=block.properties)
            gradient = random.gradient(nested, "x")
            gradient.add_gradient("y", random.gradient(gradient, "y"))
            nested.add_gradient("x", gradient)
            block = nested
        yield i, block


def methods(random):
    for i, block in blocks_of(random, 60):
        yield f"text/{i}", lambda: [str(block), repr(block), len(block), list(block.shape)]
        yield f"properties/{i}", lambda: [block.device, block.dtype, block.is_view, block.gradients_list()]
        yield f"text of gradients/{i}", lambda: [str(gradient) for _, gradient in block.gradients()]
        for deep in [True, False]:
            yield f"copy/{i} {deep}", lambda: [block.copy(deep), block.copy(deep).is_view]
        yield f"pickle/{i}", lambda: [pickle.loads(pickle.dumps(block)), copy.deepcopy(block)]
        yield f"buffer/{i}", lambda: TensorBlock.load_buffer(block.save_buffer())
        for name in ["x", "strain", "no such"]:
            yield f"gradient/{i} {name}", lambda: [block.has_gradient(name), block.gradient(name), str(block.gradient(name))]
        yield f"is_view/{i}", lambda: [gradient.is_view for _, gradient in block.gradients()]
        yield f"gradient of gradient/{i}", lambda: str(block.gradient("x").gradient("y"))
        for arguments in [
            (torch.float32,),
            ("cpu",),
            (torch.device("cpu"), torch.float16),
            (torch.float32, "cpu"),
            (torch.float32, torch.float64),
            ("cpu", "cpu"),
            (3.5,),
            (None, None),
        ]:
            yield f"to/{i} {arguments}", lambda: block.to(*arguments)
        yield f"to/{i} keywords", lambda: block.to(dtype=torch.float32, device="cpu", arrays="torch", non_blocking=True)
        yield f"to/{i} arrays", lambda: block.to(arrays="numpy")
        yield f"to/{i} twice", lambda: block.to(torch.float32, dtype=torch.float64)
        yield f"values/{i} assigned", lambda: setattr(block, "values", block.values)


def changed(labels, rows):
    return Labels(labels.names, torch.tensor(rows, dtype=torch.int32).reshape(-1, len(labels.names)))


def gradients(random):
    for i in range(20):
        block = random.block(n_components=1, samples=random.labels(5, ["s"]), dtype=torch.float64)
        good = random.gradient(block, "x", 6)

        def add(values=good.values, samples=good.samples, components=good.components, properties=good.properties, block=block):
            target = block.copy()
            gradient = TensorBlock(values, samples, components, properties)
            target.add_gradient("x", gradient)
            return [target, gradient, gradient.is_view]

        yield f"add/{i} good", lambda: add()
        yield f"add/{i} dtype", lambda: add(values=good.values.to(torch.float32))
        yield f"add/{i} sample names", lambda: add(samples=good.samples.rename("sample", "other"))
        yield f"add/{i} component order", lambda: add(good.values.transpose(1, 2), components=good.components[::-1])
        yield f"add/{i} component missing", lambda: add(good.values[:, :, 0], components=good.components[:1])
        yield f"add/{i} own component missing", lambda: add(good.values[:, 0], components=good.components[1:])
        yield f"add/{i} property names", lambda: add(properties=good.properties.rename("n", "m"))
        if len(good.properties) > 1:
            fewer = changed(good.properties, good.properties.values[1:].tolist())
            yield f"add/{i} fewer properties", lambda: add(good.values[..., 1:], properties=fewer)
        for sample in [-1, len(block), 0]:
            samples = changed(good.samples, [[sample, 9]])
            yield f"add/{i} sample {sample}", lambda: add(good.values.new_zeros([1, *good.values.shape[1:]]), samples)

    block = random.block(gradients=["x"])
    yield "add/same parameter twice", lambda: block.add_gradient("x", random.gradient(block, "x"))
    yield "add/to a gradient", lambda: block.gradient("x").add_gradient("y", random.gradient(block.gradient("x"), "y"))
    yield "add/view of a gradient", lambda: [block.add_gradient("z", block.gradient("x")), block]
    for name in ["a b", "", "x/y"]:
        yield f"add/parameter '{name}'", lambda: [block.add_gradient(name, random.gradient(block, "x")), str(block)]


def ownership(random):
    keys = Labels.range("k", 1)
    moved = random.block(gradients=["x"])
    tensor = TensorMap(keys, [moved])
    for name in ["values", "samples", "components", "properties", "shape", "device", "dtype"]:
        yield f"moved/{name}", lambda: getattr(moved, name)
    for name in ["copy", "gradients_list", "gradients", "save_buffer", "__len__", "__repr__"]:
        yield f"moved/{name}", lambda: getattr(moved, name)()
    yield "moved/again", lambda: TensorMap(keys, [moved])
    yield "view/map of it", lambda: TensorMap(keys, tensor.blocks())
    yield "view/map of its gradient", lambda: TensorMap(keys, [tensor.block(0).gradient("x")])
    yield "view/map of a copy", lambda: TensorMap(keys, [tensor.block(0).copy()])
    yield "view/is view", lambda: [tensor.block(0).is_view, tensor.block(0).copy().is_view]
    yield "view/gradient added", lambda: tensor.block(0).add_gradient("y", random.gradient(tensor.block(0), "y"))
    twice = random.block()
    yield "moved/twice", lambda: TensorMap(Labels.range("k", 2), [twice, twice])


def cases(random):
    yield from creation(random)
    yield from methods(random)
    yield from gradients(random)
    yield from ownership(random)
