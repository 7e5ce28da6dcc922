# SPDX-License-Identifier: BSD-3-Clause
from typing import Optional

from .._classes import TensorMap
from ._operation import operation, operators


@operation
def dot(tensor_1: TensorMap, tensor_2: TensorMap) -> TensorMap:
    return operators.dot(tensor_1, tensor_2)


@operation
def solve(X: TensorMap, Y: TensorMap) -> TensorMap:
    return operators.solve(X, Y)


@operation
def lstsq(X: TensorMap, Y: TensorMap, rcond: Optional[float], driver: Optional[str] = None) -> TensorMap:
    return operators.lstsq(X, Y, rcond, driver)
