# SPDX-License-Identifier: BSD-3-Clause
from typing import Union

from .._classes import TensorMap
from ._operation import operation, operators


@operation
def add(A: TensorMap, B: Union[float, int, TensorMap]) -> TensorMap:
    return operators.add(A, B)


@operation
def subtract(A: TensorMap, B: Union[float, int, TensorMap]) -> TensorMap:
    return operators.subtract(A, B)


@operation
def multiply(A: TensorMap, B: Union[float, int, TensorMap]) -> TensorMap:
    return operators.multiply(A, B)


@operation
def divide(A: TensorMap, B: Union[float, int, TensorMap]) -> TensorMap:
    return operators.divide(A, B)


@operation
def pow(A: TensorMap, B: Union[float, int]) -> TensorMap:  # noqa: A001
    return operators.pow(A, B)


@operation
def abs(A: TensorMap) -> TensorMap:  # noqa: A001
    return operators.abs(A)
