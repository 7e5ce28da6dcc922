# SPDX-License-Identifier: BSD-3-Clause
from .._classes import Labels, TensorMap
from ._operation import operation, operators


@operation
def drop_blocks(tensor: TensorMap, keys: Labels, copy: bool = False) -> TensorMap:
    return operators.drop_blocks(tensor, keys, copy)


@operation
def drop_empty_blocks(tensor: TensorMap, copy: bool = False) -> TensorMap:
    return operators.drop_empty_blocks(tensor, copy)


@operation
def filter_blocks(tensor: TensorMap, keys: Labels, copy: bool = False) -> TensorMap:
    return operators.filter_blocks(tensor, keys, copy)
