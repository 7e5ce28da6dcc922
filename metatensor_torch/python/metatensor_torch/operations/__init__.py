# SPDX-License-Identifier: BSD-3-Clause
"""The operations on maps and blocks, all of them also in ``metatensor.torch``."""

from .arithmetic import add
from .checks import checks_enabled, unsafe_disable_checks, unsafe_enable_checks
from .errors import NotEqualError


__all__ = [
    "NotEqualError",
    "add",
    "checks_enabled",
    "unsafe_disable_checks",
    "unsafe_enable_checks",
]
