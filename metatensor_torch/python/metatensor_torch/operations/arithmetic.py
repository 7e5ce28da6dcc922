# SPDX-License-Identifier: BSD-3-Clause
from typing import Union

from .._classes import TensorMap
from ._operation import operation, operators


@operation
def add(A: TensorMap, B: Union[float, int, TensorMap]) -> TensorMap:
    return operators.add(A, B)
