# SPDX-License-Identifier: BSD-3-Clause
from typing import Any, Dict, List

from example import Example
from make_data import Data


def two(data: Data, kind: str, **options) -> Dict[str, Any]:
    """The same map or block twice, as arguments"""
    if kind == "tensor":
        return {"tensor_1": data.map(0), "tensor_2": data.map(0), **options}
    return {"block_1": data.block(0), "block_2": data.block(0), **options}


def comparison_examples() -> List[Example]:
    examples = []
    for kind, suffix in [("tensor", ""), ("block", "_block")]:

        def example(name: str, kind=kind, suffix=suffix, **options) -> List[Example]:
            arguments = lambda data: two(data, kind, **options)  # noqa: E731
            return [Example(name + suffix + end, arguments, differentiable=False) for end in ["", "_raise"]]

        examples += example("equal")
        examples += example("allclose") + example("allclose", rtol=1e-5, atol=1e-8, equal_nan=True)
        examples += example("equal_metadata") + example("equal_metadata", check="all")
        examples += example("equal_metadata", check=["samples", "components"], check_gradients=False)
    different = lambda data: {"tensor_1": data.map(0), "tensor_2": data.map(1)}  # noqa: E731
    examples += [Example(name, different, differentiable=False) for name in ["equal", "allclose", "equal_metadata"]]
    return examples
