# SPDX-License-Identifier: BSD-3-Clause
from typing import List, Optional, Union

import torch

from .._classes import TensorBlock, TensorMap
from ._operation import operation, operators


@operation
def empty_like(
    tensor: TensorMap, gradients: Optional[Union[List[str], str]] = None, requires_grad: bool = False
) -> TensorMap:
    return operators.empty_like(tensor, gradients, requires_grad)


@operation
def empty_like_block(
    block: TensorBlock, gradients: Optional[Union[List[str], str]] = None, requires_grad: bool = False
) -> TensorBlock:
    return operators.empty_like_block(block, gradients, requires_grad)


@operation
def zeros_like(
    tensor: TensorMap, gradients: Optional[Union[List[str], str]] = None, requires_grad: bool = False
) -> TensorMap:
    return operators.zeros_like(tensor, gradients, requires_grad)


@operation
def zeros_like_block(
    block: TensorBlock, gradients: Optional[Union[List[str], str]] = None, requires_grad: bool = False
) -> TensorBlock:
    return operators.zeros_like_block(block, gradients, requires_grad)


@operation
def ones_like(
    tensor: TensorMap, gradients: Optional[Union[List[str], str]] = None, requires_grad: bool = False
) -> TensorMap:
    return operators.ones_like(tensor, gradients, requires_grad)


@operation
def ones_like_block(
    block: TensorBlock, gradients: Optional[Union[List[str], str]] = None, requires_grad: bool = False
) -> TensorBlock:
    return operators.ones_like_block(block, gradients, requires_grad)


@operation
def random_uniform_like(
    tensor: TensorMap, gradients: Optional[Union[List[str], str]] = None, requires_grad: bool = False
) -> TensorMap:
    return operators.random_uniform_like(tensor, gradients, requires_grad)


@operation
def random_uniform_like_block(
    block: TensorBlock, gradients: Optional[Union[List[str], str]] = None, requires_grad: bool = False
) -> TensorBlock:
    return operators.random_uniform_like_block(block, gradients, requires_grad)


@operation
def block_from_array(
    array: torch.Tensor,
    sample_names: Optional[List[str]] = None,
    component_names: Optional[List[str]] = None,
    property_names: Optional[List[str]] = None,
) -> TensorBlock:
    return operators.block_from_array(array, sample_names, component_names, property_names)
