# SPDX-License-Identifier: BSD-3-Clause
"""Calls of the operations on keys, labels and their dimensions."""

from typing import List

import torch
from example import Example
from make_data import Data

import metatensor.torch as mts
from metatensor.torch import TensorMap


def block_examples() -> List[Example]:
    return [
        Example("drop_blocks", lambda data: {"tensor": data.map(0), "keys": data.labels(["k"], [[2], [8]])}),
        Example(
            "drop_blocks",
            lambda data: {"tensor": data.map(0), "keys": data.labels(["l", "k"], [[1, 1]]), "copy": True},
        ),
        Example("drop_empty_blocks", lambda data: {"tensor": data.map(0)}),
        Example(
            "filter_blocks",
            lambda data: {"tensor": data.map(0), "keys": data.labels(["k", "l"], [[1, 1], [2, 0]])},
        ),
        Example(
            "filter_blocks",
            lambda data: {"tensor": data.map(0), "keys": data.labels(["k"], [[2]]), "copy": True},
        ),
    ]


def dimension_examples() -> List[Example]:
    def column(data: Data) -> torch.Tensor:
        return torch.arange(data.n_blocks, dtype=torch.int32, device=data.device)

    return [
        Example(
            "insert_dimension",
            lambda data: {
                "tensor": data.map(0),
                "axis": "samples",
                "index": 1,
                "name": "new",
                "values": 4,
            },
        ),
        Example(
            "insert_dimension",
            lambda data: {
                "tensor": data.map(0),
                "axis": "keys",
                "index": 0,
                "name": "new",
                "values": column(data),
            },
        ),
        Example(
            "append_dimension",
            lambda data: {"tensor": data.map(0), "axis": "properties", "name": "new", "values": -1},
        ),
        Example(
            "permute_dimensions",
            lambda data: {"tensor": data.map(0), "axis": "properties", "dimensions_indexes": [1, 0]},
        ),
        Example(
            "permute_dimensions",
            lambda data: {"tensor": data.map(0), "axis": "samples", "dimensions_indexes": [-1, 0]},
        ),
        Example("remove_dimension", lambda data: {"tensor": data.map(0), "axis": "keys", "name": "k"}),
        Example("remove_dimension", lambda data: {"tensor": data.map(0), "axis": "properties", "name": "p"}),
        *[
            Example(
                "rename_dimension",
                lambda data, axis=axis, old=old: {
                    "tensor": data.map(0),
                    "axis": axis,
                    "old": old,
                    "new": "new",
                },
            )
            for axis, old in [("keys", "k"), ("samples", "atom"), ("components", "xyz"), ("properties", "q")]
        ],
    ]


def part_of_map(data: Data) -> TensorMap:
    return mts.filter_blocks(data.map(1), data.labels(["k"], [[1]]))


def join_examples() -> List[Example]:
    return [
        Example(
            "join",
            lambda data: {
                "tensors": [data.map(0), data.map(1)],
                "axis": "samples",
                "different_keys": "error",
                "add_dimension": "place",
            },
            types={"add_dimension": "Optional[str]"},
        ),
        Example(
            "join",
            lambda data: {
                "tensors": [data.map(0), part_of_map(data), data.map(2)],
                "axis": "properties",
                "different_keys": "union",
                "add_dimension": "place",
            },
            types={"add_dimension": "Optional[str]"},
        ),
        Example(
            "join_blocks",
            lambda data: {
                "blocks": [data.block(0, n_properties=2), data.block(1)],
                "axis": "properties",
                "add_dimension": "place",
            },
            types={"add_dimension": "Optional[str]"},
        ),
    ]


def metadata_examples() -> List[Example]:
    def of_labels(operation: str, arguments, **types: str) -> Example:
        return Example(operation, arguments, differentiable=False, types=types)

    return [
        of_labels("unique_metadata", lambda data: {"tensor": data.map(0), "axis": "samples", "names": "system"}),
        of_labels(
            "unique_metadata",
            lambda data: {
                "tensor": data.map(0),
                "axis": "samples",
                "names": ["atom", "sample"],
                "gradient": "positions",
            },
            gradient="Optional[str]",
        ),
        of_labels(
            "unique_metadata_block",
            lambda data: {"block": data.block(0), "axis": "properties", "names": ["p"], "gradient": None},
            gradient="Optional[str]",
        ),
        of_labels(
            "one_hot",
            lambda data: {
                "labels": data.block(0).samples,
                "dimension": data.labels(["system"], [[i] for i in range(5)][::-1]),
            },
        ),
    ]
