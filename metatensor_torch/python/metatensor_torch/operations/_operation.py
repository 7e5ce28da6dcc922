# SPDX-License-Identifier: BSD-3-Clause
"""What makes a Python function out of an operator of C++."""

from typing import Callable, TypeVar

from .._eager import FastOperators
from .._scripting import scripted_as


F = TypeVar("F", bound=Callable)

#: the operators themselves, for eager code
operators = FastOperators("metatensor")


def operation(function: F) -> F:
    """The decorated function calls the operator of the same name; scripted code calls that directly.

    It gets the comment of the C++ function as docstring when the project is built (``cmake/docstrings.py``).
    """
    return scripted_as(f"metatensor::{function.__name__}")(function)
