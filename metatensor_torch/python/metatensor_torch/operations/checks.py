# SPDX-License-Identifier: BSD-3-Clause
from types import TracebackType
from typing import Optional, Type

from ._operation import operation, operators


@operation
def checks_enabled() -> bool:
    return operators.checks_enabled()


class _Checks:
    """Switches the checks on or off when it is made; as a context manager, only for the block."""

    _wanted: bool

    def __init__(self) -> None:
        self._before = operators.checks_enabled()
        _switch(self._wanted)

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        exception_type: Optional[Type[BaseException]],
        exception: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        _switch(self._before)


def _switch(enabled: bool) -> None:
    if enabled:
        operators.unsafe_enable_checks()
    else:
        operators.unsafe_disable_checks()


class unsafe_disable_checks(_Checks):  # noqa: N801 (used like a function)
    """{unsafe_disable_checks}

    In a ``with`` statement, only for its block: the checks are as before afterwards.
    """

    _wanted = False


class unsafe_enable_checks(_Checks):  # noqa: N801
    """{unsafe_enable_checks}

    In a ``with`` statement, only for its block: the checks are as before afterwards.
    """

    _wanted = True
