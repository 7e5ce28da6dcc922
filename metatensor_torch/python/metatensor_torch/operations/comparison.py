# SPDX-License-Identifier: BSD-3-Clause
from typing import List, Union

from .._classes import TensorBlock, TensorMap
from ._operation import operation, operators


@operation
def equal(tensor_1: TensorMap, tensor_2: TensorMap) -> bool:
    return operators.equal(tensor_1, tensor_2)


@operation
def equal_raise(tensor_1: TensorMap, tensor_2: TensorMap) -> None:
    operators.equal_raise(tensor_1, tensor_2)


@operation
def equal_block(block_1: TensorBlock, block_2: TensorBlock) -> bool:
    return operators.equal_block(block_1, block_2)


@operation
def equal_block_raise(block_1: TensorBlock, block_2: TensorBlock) -> None:
    operators.equal_block_raise(block_1, block_2)


@operation
def allclose(
    tensor_1: TensorMap, tensor_2: TensorMap, rtol: float = 1e-13, atol: float = 1e-12, equal_nan: bool = False
) -> bool:
    return operators.allclose(tensor_1, tensor_2, rtol, atol, equal_nan)


@operation
def allclose_raise(
    tensor_1: TensorMap, tensor_2: TensorMap, rtol: float = 1e-13, atol: float = 1e-12, equal_nan: bool = False
) -> None:
    operators.allclose_raise(tensor_1, tensor_2, rtol, atol, equal_nan)


@operation
def allclose_block(
    block_1: TensorBlock, block_2: TensorBlock, rtol: float = 1e-13, atol: float = 1e-12, equal_nan: bool = False
) -> bool:
    return operators.allclose_block(block_1, block_2, rtol, atol, equal_nan)


@operation
def allclose_block_raise(
    block_1: TensorBlock, block_2: TensorBlock, rtol: float = 1e-13, atol: float = 1e-12, equal_nan: bool = False
) -> None:
    operators.allclose_block_raise(block_1, block_2, rtol, atol, equal_nan)


@operation
def equal_metadata(
    tensor_1: TensorMap, tensor_2: TensorMap, check: Union[List[str], str] = "all", check_gradients: bool = True
) -> bool:
    return operators.equal_metadata(tensor_1, tensor_2, check, check_gradients)


@operation
def equal_metadata_raise(
    tensor_1: TensorMap, tensor_2: TensorMap, check: Union[List[str], str] = "all", check_gradients: bool = True
) -> None:
    operators.equal_metadata_raise(tensor_1, tensor_2, check, check_gradients)


@operation
def equal_metadata_block(
    block_1: TensorBlock, block_2: TensorBlock, check: Union[List[str], str] = "all", check_gradients: bool = True
) -> bool:
    return operators.equal_metadata_block(block_1, block_2, check, check_gradients)


@operation
def equal_metadata_block_raise(
    block_1: TensorBlock, block_2: TensorBlock, check: Union[List[str], str] = "all", check_gradients: bool = True
) -> None:
    operators.equal_metadata_block_raise(block_1, block_2, check, check_gradients)
