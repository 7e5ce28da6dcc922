# SPDX-License-Identifier: BSD-3-Clause
from typing import Any, Dict, List

from example import Example
from make_data import Data


def one(data: Data, kind: str, **options) -> Dict[str, Any]:
    """A map or block as argument"""
    return {kind: data.map(0) if kind == "tensor" else data.block(0), **options}


KINDS = [("tensor", ""), ("block", "_block")]


def creation_examples() -> List[Example]:
    examples = []
    for name in ["empty_like", "zeros_like", "ones_like", "random_uniform_like"]:
        for kind, suffix in KINDS:
            for options in [
                {},
                {"gradients": "positions"},
                {"gradients": ["positions"], "requires_grad": True},
            ]:
                arguments = lambda data, kind=kind, options=options: one(data, kind, **options)  # noqa: E731
                examples.append(
                    Example(
                        name + suffix,
                        arguments,
                        differentiable=False,
                        deterministic=name in ["zeros_like", "ones_like"],
                    )
                )
    examples += [
        Example("block_from_array", lambda data: {"array": data.values(0, 2, 3, 4, 5)}, empty=False),
        Example(
            "block_from_array",
            lambda data: {
                "array": data.values(0, 2, 3, 4, 5),
                "sample_names": ["s", "t"],
                "component_names": None,
                "property_names": ["p"],
            },
            types={"component_names": "Optional[List[str]]"},
        ),
        Example(
            "block_from_array",
            lambda data: {
                "array": data.values(0, data.n_samples, 2, 3, 2),
                "sample_names": ["s"],
                "component_names": ["c"],
                "property_names": ["p", "q"],
            },
        ),
    ]
    return examples


def storage_examples() -> List[Example]:
    examples = []
    for kind, suffix in KINDS:

        def example(name: str, kind=kind, suffix=suffix, differentiable: bool = False, **options) -> Example:
            return Example(name + suffix, lambda data: one(data, kind, **options), differentiable=differentiable)

        examples += [
            example("detach"),
            example("requires_grad"),
            example("requires_grad", requires_grad=False),
            example("is_contiguous"),
            example("make_contiguous", differentiable=True),
            example("remove_gradients", differentiable=True),
            example("remove_gradients", remove=["positions"], differentiable=True),
        ]
    return examples
