# SPDX-License-Identifier: BSD-3-Clause
"""Python functions that are operators when TorchScript calls them."""

from typing import Callable, TypeVar

import torch


F = TypeVar("F", bound=Callable)


def scripted_as(operator: str) -> Callable[[F], F]:
    """A scripted call of the decorated function is a call of ``operator`` ("namespace::name")."""

    def register(function: F) -> F:
        torch.jit._builtins._register_builtin(function, operator)
        return function

    return register
