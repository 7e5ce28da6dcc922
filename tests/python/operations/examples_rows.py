# SPDX-License-Identifier: BSD-3-Clause
"""Calls of the operations that reduce, choose and sort samples and properties"""

from typing import List

from example import Example
from make_data import Data


ALL_FLOATING_POINT = "float16 bfloat16 float32 float64 complex64 complex128"
SELECTIONS = "List[Union[torch.Tensor, List[int], Labels]]"


def reduction_examples() -> List[Example]:
    examples = []
    for statistic in ["sum", "mean", "var", "std"]:
        for names in ["atom", ["system"], ["system", "atom"]]:
            examples += [
                Example(
                    f"{statistic}_over_samples",
                    lambda data, names=names: {"tensor": data.map(0), "sample_names": names},
                    dtypes=ALL_FLOATING_POINT,
                ),
                Example(
                    f"{statistic}_over_samples_block",
                    lambda data, names=names: {"block": data.block(0), "sample_names": names},
                    dtypes=ALL_FLOATING_POINT,
                ),
            ]
        for names in ["q", ["p"], ["p", "q"]]:
            examples += [
                Example(
                    f"{statistic}_over_properties",
                    lambda data, names=names: {"tensor": data.map(0), "property_names": names},
                    dtypes=ALL_FLOATING_POINT,
                ),
                Example(
                    f"{statistic}_over_properties_block",
                    lambda data, names=names: {"block": data.block(0), "property_names": names},
                    dtypes=ALL_FLOATING_POINT,
                ),
            ]
    return examples


def systems(data: Data, *rows: int):
    return data.labels(["system"], [[row] for row in rows])


def selection_examples() -> List[Example]:
    def parts(data: Data):
        return [systems(data, 2, 9), systems(data, 3)]

    def example(operation, arguments, **options):
        return Example(operation, arguments, dtypes=ALL_FLOATING_POINT, **options)

    return [
        example("slice", lambda data: {"tensor": data.map(0), "axis": "samples", "selection": systems(data, 3)}),
        example(
            "slice",
            lambda data: {
                "tensor": data.map(0),
                "axis": "properties",
                "selection": data.labels(["p", "q"], [[0, 3], [0, 5]]),
            },
        ),
        example(
            "slice_block", lambda data: {"block": data.block(0), "axis": "samples", "selection": systems(data, 3)}
        ),
        example(
            "slice_block", lambda data: {"block": data.block(0), "axis": "samples", "selection": [-1, 0]}, empty=False
        ),
        example("slice_block", lambda data: {"block": data.block(0), "axis": "properties", "selection": [2, 0]}),
        example(
            "split",
            lambda data: {"tensor": data.map(0), "axis": "samples", "selections": parts(data)},
            types={"selections": SELECTIONS},
        ),
        example(
            "split",
            lambda data: {"tensor": data.map(0), "axis": "properties", "selections": [[1], [1, 0]]},
            types={"selections": SELECTIONS},
        ),
        example(
            "split_block",
            lambda data: {"block": data.block(0), "axis": "samples", "selections": parts(data)},
            types={"selections": SELECTIONS},
        ),
        example(
            "split_block",
            lambda data: {"block": data.block(0), "axis": "samples", "selections": [[1], [0, 1]]},
            types={"selections": SELECTIONS},
            empty=False,
        ),
    ]


def sort_examples() -> List[Example]:
    def example(operation, arguments):
        return Example(operation, arguments, dtypes=ALL_FLOATING_POINT)

    return [
        example("sort", lambda data: {"tensor": data.map(0)}),
        example("sort", lambda data: {"tensor": data.map(0), "axes": "keys", "descending": True}),
        example("sort", lambda data: {"tensor": data.map(0), "axes": ["samples", "components"]}),
        example("sort_block", lambda data: {"block": data.block(0)}),
        example("sort_block", lambda data: {"block": data.block(0), "axes": "all", "descending": True}),
        example("sort_block", lambda data: {"block": data.block(0), "axes": ["properties"]}),
    ]
