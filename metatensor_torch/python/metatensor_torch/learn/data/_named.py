# SPDX-License-Identifier: BSD-3-Clause
"""The named tuples that data sets and loaders give."""

import collections
import functools
import operator
from typing import Any, Tuple

from ._pinned import pinned


@functools.lru_cache(maxsize=None)
def named_tuple(name: str, fields: Tuple[str, ...]) -> type:
    """The class ``name`` of named tuples with these fields, which are items, too: ``sample["field"]``.

    The names of fields are any strings. Its instances go through pickle, as loader processes need, and torch's loader calls their ``pin_memory``.
    """
    kind = collections.namedtuple(name, fields, rename=True, module=__name__)
    if kind._fields != fields:  # some are no names of attributes for Python
        kind._fields = fields
        kind.__repr__ = _text
        kind._replace = _replaced
        for place, field in enumerate(fields):
            if not hasattr(kind, field):
                setattr(kind, field, property(operator.itemgetter(place)))
    kind.__getitem__ = _item
    kind.__reduce__ = lambda self: (_made, (name, fields, tuple(self)))
    kind.pin_memory = pinned
    return kind


def _item(self, index: Any) -> Any:
    if not isinstance(index, str):
        return tuple.__getitem__(self, index)
    if index not in self._fields:
        raise KeyError(index)
    return tuple.__getitem__(self, self._fields.index(index))


def _text(self) -> str:
    names = [field if field.isidentifier() else repr(field) for field in self._fields]
    return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in zip(names, self))})"


def _replaced(self, /, **values) -> Any:
    replaced = self._make(values.pop(field, value) for field, value in zip(self._fields, self))
    if values:
        raise ValueError(f"there are no fields {', '.join(values)}")
    return replaced


def _made(name: str, fields: Tuple[str, ...], values: Tuple[Any, ...]) -> Any:
    return named_tuple(name, fields)(*values)
