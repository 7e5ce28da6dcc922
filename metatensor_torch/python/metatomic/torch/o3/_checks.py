# SPDX-License-Identifier: BSD-3-Clause
"""Checks of arguments."""

import operator


def checked_integer(name: str, value: int, minimum: int) -> int:
    """``value``, if it is an integer and not below ``minimum``."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"`{name}` must be an integer, got {type(value).__name__}")
    value = operator.index(value)
    if value < minimum:
        raise ValueError(f"`{name}` must be at least {minimum}, got {value}")
    return value
