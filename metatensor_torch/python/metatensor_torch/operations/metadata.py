# SPDX-License-Identifier: BSD-3-Clause
from typing import List, Optional, Tuple, Union

import torch

from .._classes import Labels, TensorBlock, TensorMap
from ._operation import operation, operators


@operation
def unique_metadata(
    tensor: TensorMap,
    axis: str,
    names: Union[str, List[str], Tuple[str, ...]],
    gradient: Optional[str] = None,
) -> Labels:
    return operators.unique_metadata(tensor, axis, names, gradient)


@operation
def unique_metadata_block(
    block: TensorBlock,
    axis: str,
    names: Union[str, List[str], Tuple[str, ...]],
    gradient: Optional[str] = None,
) -> Labels:
    return operators.unique_metadata_block(block, axis, names, gradient)


@operation
def one_hot(labels: Labels, dimension: Labels) -> torch.Tensor:
    return operators.one_hot(labels, dimension)
