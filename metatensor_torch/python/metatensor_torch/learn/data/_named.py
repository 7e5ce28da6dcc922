# SPDX-License-Identifier: BSD-3-Clause
"""The named tuples that data sets and loaders give."""

import collections
import functools
from typing import Any, Tuple

from ._pinned import pinned


@functools.lru_cache(maxsize=None)
def named_tuple(name: str, fields: Tuple[str, ...]) -> type:
    """The class ``name`` of named tuples with these fields.

    Its instances go through pickle, as loader processes need, and torch's loader calls their ``pin_memory``.
    """
    kind = collections.namedtuple(name, fields, module=__name__)
    kind.__reduce__ = lambda self: (_made, (name, fields, tuple(self)))
    kind.pin_memory = pinned
    return kind


def _made(name: str, fields: Tuple[str, ...], values: Tuple[Any, ...]) -> Any:
    return named_tuple(name, fields)(*values)
