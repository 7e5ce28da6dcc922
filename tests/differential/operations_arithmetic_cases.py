# SPDX-License-Identifier: BSD-3-Clause
"""Operations that combine, compare, make and solve maps"""

import os

import torch
from random_data import DTYPES

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap


#: how many maps each operation gets: more for a longer run
N_MAPS = int(os.environ.get("METATENSOR_DIFFERENTIAL_MAPS", "40"))
TOLERANCE = 1e-9
FLOATING_POINT = [torch.float64, torch.float32, torch.float16]

#: each of them has a row in docs/differences.md
DIFFERENT = {
    "(add|subtract)/number .* torch.* gradients .*": "theirs can not add a number to integers with gradients",
    "abs/.* torch.* gradients": "the same",
    "subtract/map .* torch.*": "the difference of integers is floating point in theirs",
    r"divide/map \d+ .* gradients .*": "theirs divides by a square: overflow in float16 and integers, NaN for 0",
    "divide/map .* torch.bool .*": "theirs can not divide booleans with gradients",
    "pow/.* gradients 0": "the gradients of zeros are NaN in theirs",
    "dot/.* properties": "ValueError there, the NotEqualError that all other labels have here",
    "solve/.* (gradients .*|none .*samples)": "theirs fails for gradients in any case; other samples are a ValueError there",
}


CHANGES = [
    "nothing",
    "nothing",
    "nothing",
    "order of keys",
    "key",
    "key names",
    "number of keys",
    "order of samples",
    "samples",
    "components",
    "properties",
    "property names",
    "gradients",
    "gradient parameter",
    "gradient samples",
    "dtype",
]


def changed_labels(labels, what):
    """Labels with the same number of entries"""
    if what == "order":
        return Labels(labels.names, labels.values.flip(0))
    if what == "names":
        return Labels([name + "_2" for name in labels.names], labels.values)
    return Labels(labels.names, labels.values + 1)


def partner_block(random, block, change, sample_names=None):
    """A block with the labels of ``block``, other values, and one change"""
    samples, components, properties = block.samples, block.components, block.properties
    if change == "order of samples":
        samples = changed_labels(samples, "order")
    if change == "samples":
        samples = changed_labels(samples, "values")
    if change == "components" and len(components) > 0:
        components = [*components[:-1], changed_labels(components[-1], "values")]
    if change in ["properties", "property names"]:
        properties = changed_labels(properties, "names" if "names" in change else "values")
    dtype = block.values.dtype
    if change == "dtype":
        dtype = torch.float32 if dtype == torch.float64 else torch.float64
    result = TensorBlock(random.values(block.values.shape, dtype), samples, components, properties)
    for parameter, gradient in block.gradients():
        if change == "gradients":
            continue
        if change == "gradient samples":
            rows = gradient.samples.values.clone()
            rows[:, 1] += 1
            gradient_samples = Labels(gradient.samples.names, rows)
        else:
            gradient_samples = gradient.samples
        n_own = len(gradient.components) - len(block.components)
        result.add_gradient(
            parameter + "_2" if change == "gradient parameter" else parameter,
            TensorBlock(
                random.values(gradient.values.shape, dtype),
                gradient_samples,
                [*gradient.components[:n_own], *components],
                properties,
            ),
        )
    return result


def partner(random, tensor, change):
    """A map that fits ``tensor`` but for one change"""
    keys = tensor.keys
    order = list(range(len(keys)))
    if change == "order of keys":
        random.shuffle(order)
    if change == "number of keys":
        order = order[:-1]
    rows = keys.values[order]
    if change == "key" and len(rows) > 0:
        rows = rows.clone()
        rows[-1] += 20
    names = [name + "_2" for name in keys.names] if change == "key names" else keys.names
    # dtype, names and parameters are those of all blocks, the rest changes in the last one
    in_all = ["dtype", "property names", "gradients", "gradient parameter"]
    blocks = []
    for place, i in enumerate(order):
        here = change in in_all or place == len(order) - 1
        blocks.append(partner_block(random, tensor.block(i), change if here else "nothing"))
    return TensorMap(Labels(names, rows), blocks)


def random_map(random, dtype, **options):
    options = {"gradients": random.choice([[], ["x"], ["x", "y"]]), "n_keys": random.choice([0, 1, 3, 6]), **options}
    return random.map(dtype=dtype, **options)


def arithmetic(random):
    numbers = [0, 1, 2, -1, 3, 0.5, -2.25, 1e3]
    for i in range(N_MAPS):
        dtype = random.choice(DTYPES)
        tensor = random_map(random, dtype)
        change = random.choice(CHANGES)
        other = partner(random, tensor, change)
        kind = "floating point" if dtype.is_floating_point else str(dtype)
        has = "gradients" if len(tensor) > 0 and len(tensor.block(0).gradients_list()) > 0 else "none"
        for name in ["add", "subtract", "multiply", "divide"]:
            function = getattr(mts, name)
            yield f"{name}/map {i} {kind} {has} {change}", lambda: function(tensor, other)
            if name == "divide" and dtype in [torch.float64, torch.float32]:
                yield f"divide/map without zeros {i} {has} {change}", lambda: mts.divide(tensor, mts.add(other, 1))
            number = random.choice(numbers)
            yield f"{name}/number {i} {kind} {has} {number}", lambda: function(tensor, number)
        number = random.choice(numbers[:-1])
        yield f"pow/{i} {kind} {has} {number}", lambda: mts.pow(tensor, number)
        yield f"abs/{i} {kind} {has}", lambda: mts.abs(mts.subtract(tensor, 50))
        yield f"abs/{i} {kind} {has} of the same type", lambda: mts.abs(tensor)


def comparison(random):
    for i in range(N_MAPS):
        dtype = random.choice(FLOATING_POINT)
        tensor = random_map(random, dtype)
        change = random.choice(CHANGES)
        partners = {"same": tensor.copy(), change: partner(random, tensor, change)}
        noisy = mts.multiply(tensor, 1 + random.choice([1e-14, 1e-6, 1e-2]))
        nan = mts.multiply(tensor, float("nan"))
        check = random.choice(["all", ["samples"], ["properties", "components"], [*["components"] * 2]])
        options = {"check": check, "check_gradients": random.choice([True, False])}
        tolerance = {"rtol": random.choice([1e-13, 1e-5]), "atol": random.choice([1e-12, 1.0])}
        for end in ["", "_raise"]:
            for what, other in partners.items():
                yield f"equal{end}/{i} {what}", lambda: getattr(mts, "equal" + end)(tensor, other)
                yield f"equal_metadata{end}/{i} {what}", lambda: getattr(mts, "equal_metadata" + end)(tensor, other)
                name = f"equal_metadata{end}/{i} {what} {options}"
                yield name, lambda: getattr(mts, "equal_metadata" + end)(tensor, other, **options)
                yield f"allclose{end}/{i} {what}", lambda: getattr(mts, "allclose" + end)(tensor, other)
            for other in [noisy, nan]:
                yield f"allclose{end}/{i} near", lambda: getattr(mts, "allclose" + end)(tensor, other, **tolerance)
            allclose = getattr(mts, "allclose" + end)
            yield f"allclose{end}/{i} NaN", lambda: [allclose(nan, nan, equal_nan=True), allclose(nan, nan)]
            yield from block_comparison(random, i, end, tensor, partners, options, tolerance)


def block_comparison(random, i, end, tensor, partners, options, tolerance):
    if len(tensor) == 0:
        return
    first = tensor.block(len(tensor) - 1)
    for what, other in partners.items():
        if len(other) == 0:
            continue
        second = other.block(len(other) - 1)
        yield f"equal_block{end}/{i} {what}", lambda: getattr(mts, "equal_block" + end)(first, second)
        name = f"equal_metadata_block{end}/{i} {what}"
        yield name, lambda: getattr(mts, "equal_metadata_block" + end)(first, second, **options)
        allclose = getattr(mts, "allclose_block" + end)
        yield f"allclose_block{end}/{i} {what}", lambda: allclose(first, second, **tolerance)


def creation(random):
    for i in range(N_MAPS):
        tensor = random_map(random, random.choice(DTYPES))
        parameters = random.choice([None, "x", ["x"], ["y", "x"], ["y"], "z"])
        for name in ["zeros_like", "ones_like", "random_uniform_like", "empty_like"]:
            if name == "empty_like":
                what = lambda result: mts.zeros_like(result)  # noqa: E731
            else:
                what = lambda result: result  # noqa: E731

            def call(function, *arguments, what=what, **options):
                torch.manual_seed(i)
                return what(function(*arguments, **options))

            function = getattr(mts, name)
            yield f"{name}/{i} {parameters}", lambda: call(function, tensor, parameters)
            block_function = getattr(mts, name + "_block")
            to_zeros = (lambda result: mts.zeros_like_block(result)) if name == "empty_like" else what
            for block in list(tensor.blocks())[:1]:
                yield (
                    f"{name}_block/{i} {parameters}",
                    lambda: call(block_function, block, gradients=parameters, what=to_zeros),
                )


def names(random, prefix, most):
    return random.choice([None, [f"{prefix}_{j}" for j in range(random.randint(1, most))]])


def block_from_array(random):
    for i in range(2 * N_MAPS):
        shape = [random.choice([1, 2, 3, 4, 0]) for _ in range(random.randint(1, 6))]
        array = random.values(shape, random.choice(DTYPES))
        options = {
            "sample_names": names(random, "s", 3),
            "component_names": names(random, "c", 2),
            "property_names": names(random, "p", 3),
        }
        yield f"block_from_array/{i} {shape} {options}", lambda: mts.block_from_array(array, **options)


def storage(random):
    for i in range(N_MAPS):
        tensor = random_map(random, random.choice(DTYPES))
        if random.random() < 0.5 and len(tensor) > 0:
            blocks = [mts.block_from_array(b.values.transpose(0, -1)) for b in tensor.blocks() if b.values.numel() > 0]
            tensor = TensorMap(Labels.range("k", len(blocks)), blocks)
        remove = random.choice([None, ["x"], ["y"], ["x", "y"], ["z"]])
        for kind, value in [("", tensor), *[("_block", block) for block in list(tensor.blocks())[:1]]]:
            functions = {
                name: getattr(mts, name + kind)
                for name in ["detach", "requires_grad", "is_contiguous", "make_contiguous", "remove_gradients"]
            }
            yield f"detach{kind}/{i}", lambda: functions["detach"](value)
            yield f"requires_grad{kind}/{i}", lambda: flags(functions["requires_grad"](value))
            yield f"requires_grad{kind}/{i} False", lambda: flags(functions["requires_grad"](value, False))
            yield f"is_contiguous{kind}/{i}", lambda: functions["is_contiguous"](value)
            yield (
                f"make_contiguous{kind}/{i}",
                lambda: [r := functions["make_contiguous"](value), functions["is_contiguous"](r)],
            )
            yield f"remove_gradients{kind}/{i} {remove}", lambda: functions["remove_gradients"](value, remove)


def flags(value):
    """Is autograd recording?"""
    blocks = [value] if hasattr(value, "samples") else list(value.blocks())
    return [value, [[b.values.requires_grad, *[g.values.requires_grad for _, g in b.gradients()]] for b in blocks]]


def linear_algebra(random):
    for i in range(N_MAPS):
        dtype = random.choice([torch.float64, torch.float64, torch.float32])
        tensor = random_map(random, dtype, same_properties=True)
        change = random.choice(["nothing", "nothing", "components", "properties", "gradients", "dtype", "order of keys", "key"])
        vectors = partner(random, random_map(random, dtype), "nothing")
        if random.random() >= 0.8:
            change = "another map, with other properties"
        else:
            blocks = [
                random.block(
                    dtype=dtype, properties=b.properties, samples=random.labels(names=["v", "w"]), components=[],
                    gradients=random.choice([[], [], [], ["x"]]) if len(tensor) == 1 else [],
                )
                for b in tensor.blocks()
            ]  # fmt: skip
            vectors = partner(random, TensorMap(tensor.keys, blocks), change)
        yield f"dot/{i} {change}", lambda: mts.dot(tensor, vectors)
        yield f"lstsq/{i} {change}", lambda: mts.lstsq(tensor, vectors, 1e-10)
    yield from systems(random)


def systems(random):
    for i in range(N_MAPS):
        size, change = random.randint(1, 4), random.choice(["nothing", *CHANGES])
        n_rows = random.choice([size, size, size + 3])
        gradients = random.choice([[], [], ["x"]])
        options = {"samples": random.labels(40, ["s", "t"], order="drawn"), "gradients": gradients}
        options["samples"] = Labels(["s", "t"], options["samples"].values[:n_rows])
        components = [] if n_rows == size else random.choice([[], [Labels.range("c", 2)]])
        keys = random.labels(3, ["k"])
        x = [random.block(properties=Labels.range("p", size), components=components, **options) for _ in range(len(keys))]
        y = [
            random.block(properties=Labels.range("q", 2), components=components, **{**options, "gradients": []})
            for _ in range(len(keys))
        ]
        for first, second in zip(x, y, strict=True):
            for parameter, gradient in first.gradients():
                shape = [*gradient.values.shape[:-1], 2]
                second.add_gradient(
                    parameter,
                    TensorBlock(random.values(shape), gradient.samples, gradient.components, second.properties),
                )
        first, second = TensorMap(keys, x), partner(random, TensorMap(keys, y), change)
        kind = "gradients" if gradients else "none"
        yield f"solve/{i} {kind} {change}", lambda: mts.solve(first, second)
        for driver in [None, "gelsd", "gelsy", "gels"]:
            name = f"lstsq/system {i} {kind} {change} {driver}"
            yield name, lambda: mts.lstsq(first, second, 1e-12, driver=driver)
            yield name + " default rcond", lambda: mts.lstsq(first, second, None, driver)


def power_of_zero(random):
    block = random.block(samples=Labels.range("s", 2), components=[], properties=Labels.range("p", 2))
    block.add_gradient("x", random.gradient(block, "x", 4))
    tensor = TensorMap(Labels.range("k", 1), [block])
    zero = mts.subtract(tensor, tensor)
    yield "pow/zero, floating point gradients 0", lambda: mts.pow(zero, 0)


def cases(random):
    yield from arithmetic(random)
    yield from comparison(random)
    yield from creation(random)
    yield from block_from_array(random)
    yield from storage(random)
    yield from linear_algebra(random)
    yield from power_of_zero(random)
