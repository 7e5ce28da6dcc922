# SPDX-License-Identifier: BSD-3-Clause
from typing import List, Union

import torch

from .._classes import Labels, TensorBlock, TensorMap
from ._operation import operation, operators


@operation
def slice(tensor: TensorMap, axis: str, selection: Labels) -> TensorMap:  # noqa: A001
    return operators.slice(tensor, axis, selection)


@operation
def slice_block(block: TensorBlock, axis: str, selection: Union[torch.Tensor, List[int], Labels]) -> TensorBlock:
    return operators.slice_block(block, axis, selection)


@operation
def split(
    tensor: TensorMap, axis: str, selections: List[Union[torch.Tensor, List[int], Labels]]
) -> List[TensorMap]:
    return operators.split(tensor, axis, selections)


@operation
def split_block(
    block: TensorBlock, axis: str, selections: List[Union[torch.Tensor, List[int], Labels]]
) -> List[TensorBlock]:
    return operators.split_block(block, axis, selections)


@operation
def sort(tensor: TensorMap, axes: Union[List[str], str] = "all", descending: bool = False) -> TensorMap:
    return operators.sort(tensor, axes, descending)


@operation
def sort_block(block: TensorBlock, axes: Union[List[str], str] = "all", descending: bool = False) -> TensorBlock:
    return operators.sort_block(block, axes, descending)
