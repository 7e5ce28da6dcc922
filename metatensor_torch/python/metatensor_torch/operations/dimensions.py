# SPDX-License-Identifier: BSD-3-Clause
from typing import List, Union

import torch

from .._classes import TensorMap
from ._operation import operation, operators


@operation
def insert_dimension(
    tensor: TensorMap, axis: str, index: int, name: str, values: Union[torch.Tensor, int]
) -> TensorMap:
    return operators.insert_dimension(tensor, axis, index, name, values)


@operation
def append_dimension(tensor: TensorMap, axis: str, name: str, values: Union[torch.Tensor, int]) -> TensorMap:
    return operators.append_dimension(tensor, axis, name, values)


@operation
def permute_dimensions(tensor: TensorMap, axis: str, dimensions_indexes: List[int]) -> TensorMap:
    return operators.permute_dimensions(tensor, axis, dimensions_indexes)


@operation
def remove_dimension(tensor: TensorMap, axis: str, name: str) -> TensorMap:
    return operators.remove_dimension(tensor, axis, name)


@operation
def rename_dimension(tensor: TensorMap, axis: str, old: str, new: str) -> TensorMap:
    return operators.rename_dimension(tensor, axis, old, new)
