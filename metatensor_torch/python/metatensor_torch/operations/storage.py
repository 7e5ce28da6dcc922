# SPDX-License-Identifier: BSD-3-Clause
from typing import List, Optional

from .._classes import TensorBlock, TensorMap
from ._operation import operation, operators


@operation
def detach(tensor: TensorMap) -> TensorMap:
    return operators.detach(tensor)


@operation
def detach_block(block: TensorBlock) -> TensorBlock:
    return operators.detach_block(block)


@operation
def requires_grad(tensor: TensorMap, requires_grad: bool = True) -> TensorMap:
    return operators.requires_grad(tensor, requires_grad)


@operation
def requires_grad_block(block: TensorBlock, requires_grad: bool = True) -> TensorBlock:
    return operators.requires_grad_block(block, requires_grad)


@operation
def is_contiguous(tensor: TensorMap) -> bool:
    return operators.is_contiguous(tensor)


@operation
def is_contiguous_block(block: TensorBlock) -> bool:
    return operators.is_contiguous_block(block)


@operation
def make_contiguous(tensor: TensorMap) -> TensorMap:
    return operators.make_contiguous(tensor)


@operation
def make_contiguous_block(block: TensorBlock) -> TensorBlock:
    return operators.make_contiguous_block(block)


@operation
def remove_gradients(tensor: TensorMap, remove: Optional[List[str]] = None) -> TensorMap:
    return operators.remove_gradients(tensor, remove)


@operation
def remove_gradients_block(block: TensorBlock, remove: Optional[List[str]] = None) -> TensorBlock:
    return operators.remove_gradients_block(block, remove)
