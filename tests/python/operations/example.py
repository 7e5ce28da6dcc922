# SPDX-License-Identifier: BSD-3-Clause
from typing import Any, Callable, Dict, NamedTuple

from make_data import Data


class Example(NamedTuple):
    """A call of an operation"""

    operation: str
    #: makes the keyword arguments
    arguments: Callable[[Data], Dict[str, Any]]
    #: is the result a smooth function of the values?
    differentiable: bool = True
    #: does it work without blocks, and with blocks without samples?
    empty: bool = True
    #: types of arguments in TorchScript that can not be read off their values, as those of empty lists
    types: Dict[str, str] = {}
    #: types of values that it works for
    dtypes: str = "float16 bfloat16 float32 float64 complex64 complex128"
    #: is the result the same at every call?
    deterministic: bool = True
    #: is it so only up to rounding, as that of LAPACK, which depends on where the data is in memory?
    rounded: bool = False
