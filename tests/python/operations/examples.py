# SPDX-License-Identifier: BSD-3-Clause
"""One call, or some, of each operation: what test_conformance.py runs in all the ways there are."""

from typing import Any, Callable, Dict, List, NamedTuple

from make_data import Data


class Example(NamedTuple):
    operation: str
    #: makes the keyword arguments
    arguments: Callable[[Data], Dict[str, Any]]
    #: is the result a smooth function of the values?
    differentiable: bool = True
    #: does it work without blocks, and with blocks without samples?
    empty: bool = True
    #: types of arguments in TorchScript that can not be read off their values, as those of empty lists
    types: Dict[str, str] = {}
    #: other types of values that it works for
    dtypes: str = "float32 float64"


def arithmetic_examples() -> List[Example]:
    return [
        Example("add", lambda data: {"A": data.map(0), "B": data.map(1)}),
        Example("add", lambda data: {"A": data.map(0), "B": 2.5}),
        Example("add", lambda data: {"A": data.map(0), "B": 2}),
    ]


def check_examples() -> List[Example]:
    return [Example("checks_enabled", lambda data: {}, differentiable=False)]


EXAMPLES = arithmetic_examples() + check_examples()
