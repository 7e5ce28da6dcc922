# SPDX-License-Identifier: BSD-3-Clause
"""Calls of the operations that reduce, choose and sort samples and properties"""

from typing import List

from example import Example
from make_data import Data


SELECTIONS = "List[Union[torch.Tensor, List[int], Labels]]"


def reduction_examples() -> List[Example]:
    examples = []
    for statistic in ["sum", "mean", "var", "std"]:
        for names in ["atom", ["system"], ["system", "atom"]]:
            examples += [
                Example(
                    f"{statistic}_over_samples",
                    lambda data, names=names: {"tensor": data.map(0), "sample_names": names},
                ),
                Example(
                    f"{statistic}_over_samples_block",
                    lambda data, names=names: {"block": data.block(0), "sample_names": names},
                ),
            ]
        for names in ["q", ["p"], ["p", "q"]]:
            examples += [
                Example(
                    f"{statistic}_over_properties",
                    lambda data, names=names: {"tensor": data.map(0), "property_names": names},
                ),
                Example(
                    f"{statistic}_over_properties_block",
                    lambda data, names=names: {"block": data.block(0), "property_names": names},
                ),
            ]
    return examples


def systems(data: Data, *rows: int):
    return data.labels(["system"], [[row] for row in rows])


def selection_examples() -> List[Example]:
    def parts(data: Data):
        return [systems(data, 2, 9), systems(data, 3)]

    return [
        Example("slice", lambda data: {"tensor": data.map(0), "axis": "samples", "selection": systems(data, 3)}),
        Example(
            "slice",
            lambda data: {
                "tensor": data.map(0),
                "axis": "properties",
                "selection": data.labels(["p", "q"], [[0, 3], [0, 5]]),
            },
        ),
        Example(
            "slice_block", lambda data: {"block": data.block(0), "axis": "samples", "selection": systems(data, 3)}
        ),
        Example(
            "slice_block", lambda data: {"block": data.block(0), "axis": "samples", "selection": [-1, 0]}, empty=False
        ),
        Example("slice_block", lambda data: {"block": data.block(0), "axis": "properties", "selection": [2, 0]}),
        Example(
            "split",
            lambda data: {"tensor": data.map(0), "axis": "samples", "selections": parts(data)},
            types={"selections": SELECTIONS},
        ),
        Example(
            "split",
            lambda data: {"tensor": data.map(0), "axis": "properties", "selections": [[1], [1, 0]]},
            types={"selections": SELECTIONS},
        ),
        Example(
            "split_block",
            lambda data: {"block": data.block(0), "axis": "samples", "selections": parts(data)},
            types={"selections": SELECTIONS},
        ),
        Example(
            "split_block",
            lambda data: {"block": data.block(0), "axis": "samples", "selections": [[1], [0, 1]]},
            types={"selections": SELECTIONS},
            empty=False,
        ),
    ]


def sort_examples() -> List[Example]:
    return [
        Example("sort", lambda data: {"tensor": data.map(0)}),
        Example("sort", lambda data: {"tensor": data.map(0), "axes": "keys", "descending": True}),
        Example("sort", lambda data: {"tensor": data.map(0), "axes": ["samples", "components"]}),
        Example("sort_block", lambda data: {"block": data.block(0)}),
        Example("sort_block", lambda data: {"block": data.block(0), "axes": "all", "descending": True}),
        Example("sort_block", lambda data: {"block": data.block(0), "axes": ["properties"]}),
    ]
