# SPDX-License-Identifier: BSD-3-Clause
from typing import List

from example import Example
from make_data import Data

from metatensor.torch import TensorBlock, TensorMap


FLOATING_POINT = "float16 bfloat16 float32 float64"
#: those that LAPACK has
OF_LAPACK = "float32 float64 complex64 complex128"


def arithmetic_examples() -> List[Example]:
    examples = [Example("abs", lambda data: {"A": data.map(0)}, dtypes=FLOATING_POINT)]
    for name in ["add", "subtract", "multiply", "divide"]:
        examples += [
            Example(name, lambda data: {"A": data.map(0), "B": data.map(1)}),
            Example(name, lambda data: {"A": data.map(0, n_components=2), "B": 2.5}),
            Example(name, lambda data: {"A": data.map(0, n_components=0), "B": 2}),
        ]
    for exponent in [3, 0.5, -2, 1, 0]:
        arguments = lambda data, exponent=exponent: {"A": data.map(0), "B": exponent}  # noqa: E731
        examples.append(Example("pow", arguments, dtypes=FLOATING_POINT))
    return examples


def square(data: Data, seed: int, n_properties: int) -> TensorMap:
    """Blocks with three samples, those of the first one being far from singular if they are square"""
    blocks = [data.block(seed + i, 3, n_properties, n_components=0, gradients=False) for i in range(data.n_blocks)]
    return TensorMap(data.keys(), blocks)


def vectors(data: Data) -> TensorMap:
    return data.map(1, n_samples=5, n_components=0, gradients=False)


def equations(data: Data, seed: int) -> TensorMap:
    """More equations than unknowns, whatever the number of samples in ``data``"""
    return data.map(seed, n_samples=4, n_properties=2 if seed == 0 else 3)


def linear_algebra_examples() -> List[Example]:
    def two(data: Data):
        return {"X": equations(data, 0), "Y": equations(data, 1)}

    return [
        Example("dot", lambda data: {"tensor_1": data.map(0, n_components=2), "tensor_2": vectors(data)}),
        Example("dot", lambda data: {"tensor_1": vectors(data), "tensor_2": vectors(data)}),
        Example("solve", lambda data: {"X": square(data, 0, 3), "Y": square(data, 7, 2)}, dtypes=OF_LAPACK, rounded=True),
        Example("lstsq", lambda data: {**two(data), "rcond": 1e-10}, dtypes=OF_LAPACK, rounded=True),
        Example(
            "lstsq",
            lambda data: {**two(data), "rcond": None, "driver": "gels"},
            types={"rcond": "Optional[float]"},
            dtypes=OF_LAPACK,
            rounded=True,
        ),
    ]
