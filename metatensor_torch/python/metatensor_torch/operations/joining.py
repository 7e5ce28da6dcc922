# SPDX-License-Identifier: BSD-3-Clause
from typing import List, Optional

from .._classes import TensorBlock, TensorMap
from ._operation import operation, operators


@operation
def join(
    tensors: List[TensorMap],
    axis: str,
    different_keys: str = "error",
    add_dimension: Optional[str] = None,
) -> TensorMap:
    return operators.join(tensors, axis, different_keys, add_dimension)


@operation
def join_blocks(blocks: List[TensorBlock], axis: str, add_dimension: Optional[str] = None) -> TensorBlock:
    return operators.join_blocks(blocks, axis, add_dimension)
