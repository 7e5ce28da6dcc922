# SPDX-License-Identifier: BSD-3-Clause
from typing import Any, Callable, Dict, Hashable, Iterator, List, Optional

import torch

from ._named import named_tuple


class _BaseDataset(torch.utils.data.Dataset):
    """Fields that are lists, or functions of what ``_key(index)`` gives."""

    def __init__(self, size: int, fields: Dict[str, Any]):
        self.__setstate__({"_size": size, "_fields": fields})

    def __getstate__(self) -> Dict[str, Any]:
        return {"_size": self._size, "_fields": self._fields}

    def __setstate__(self, state: Dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._make_sample = named_tuple("Sample", tuple(self._fields))._make
        self._only_lists = all(isinstance(field, list) for field in self._fields.values())

    def _key(self, index: int) -> Any:
        return index

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, idx: int) -> Any:
        """The sample at a place.

        :param idx: the place, from 0
        :raises ValueError: if there is no such sample, or the function of a field fails
        """
        index = int(idx)
        if not 0 <= index < self._size:
            raise ValueError(f"the index must be from 0 to {self._size - 1}, got {index}")
        if self._only_lists:
            return self._make_sample([field[index] for field in self._fields.values()])
        return self._make_sample(
            field[index] if isinstance(field, list) else self._call(name, field, index)
            for name, field in self._fields.items()
        )

    def __iter__(self) -> Iterator:
        for index in range(self._size):
            yield self[index]

    def _call(self, name: str, function: Callable, index: int) -> Any:
        key = self._key(index)
        try:
            return function(key)
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            raise ValueError(f"the function of field '{name}' failed for sample {key!r}: {what}") from error


class Dataset(_BaseDataset):
    """Samples that are named tuples ``Sample``, one field for each keyword argument.

    A field is a list with a value for each sample, or a function that makes the value when it is asked for, such as one that
    reads a file. The function gets the place of the sample. With worker processes, it must be picklable where processes are
    spawned.

    :param size: number of samples; needed if all fields are functions
    :param kwargs: names and data of the fields
    :raises TypeError: if a field is neither a list nor a function, or a list has values of several types
    :raises ValueError: if the numbers of samples are not the same, or can't be known

    .. code-block:: python

        dataset = Dataset(energy=[torch.tensor([1.0]), torch.tensor([2.0])], system=lambda i: read(f"{i}.xyz"))
        assert dataset[1].energy == 2.0
    """

    def __init__(self, size: Optional[int] = None, **kwargs):
        self._set_fields(size, kwargs)

    @classmethod
    def from_dict(cls, data: Dict[str, Any], size: Optional[int] = None) -> "Dataset":
        """The data set with the fields of a dictionary, whose names can be any strings.

        Fields with a name that is no attribute for Python are read by it: ``sample["with space"]``.

        :param data: names and data of the fields
        :param size: number of samples; needed if all fields are functions
        :raises TypeError, ValueError: as for the constructor, and if a name is no string
        """
        dataset = cls.__new__(cls)
        dataset._set_fields(size, data)
        return dataset

    def _set_fields(self, size: Optional[int], fields: Dict[str, Any]) -> None:
        lengths = _lengths(fields)
        if size is None and len(lengths) == 0:
            raise ValueError("'size' must be given if all fields are functions")
        if size is None:
            size = next(iter(lengths.values()))
        if not isinstance(size, int) and len(lengths) == 0:
            raise TypeError(f"'size' must be an integer, got {size!r}")
        _check_lengths(lengths, size, "'size'")
        if size < 0:
            raise ValueError(f"'size' can't be negative, got {size}")
        super().__init__(size, dict(fields))


class IndexedDataset(_BaseDataset):
    """A :py:class:`Dataset` whose samples have a name or number of their own, the first field ``sample_id``.

    Functions get the ``sample_id`` instead of the place.

    :param sample_id: a list with a different, hashable value for each sample
    :param kwargs: names and data of the other fields
    :raises TypeError: if ``sample_id`` or a field are of another type, or a list has values of several types
    :raises ValueError: if a ``sample_id`` is there twice, or the numbers of samples are not the same
    """

    def __init__(self, sample_id: List[Hashable], **kwargs):
        self._set_fields(sample_id, kwargs)

    @classmethod
    def from_dict(cls, data: Dict[str, Any], sample_id: List[Hashable]) -> "IndexedDataset":
        """The data set with the fields of a dictionary, as :py:meth:`Dataset.from_dict`.

        :param data: names and data of the fields, without ``sample_id``
        :param sample_id: a list with a different, hashable value for each sample
        :raises TypeError, ValueError: as for the constructor, and if a name is no string or ``"sample_id"``
        """
        if "sample_id" in data:
            raise ValueError("'sample_id' can't be the name of a field in `data`, it is the first field")
        dataset = cls.__new__(cls)
        dataset._set_fields(sample_id, data)
        return dataset

    def _set_fields(self, sample_id: List[Hashable], fields: Dict[str, Any]) -> None:
        if not isinstance(sample_id, list):
            raise TypeError(f"'sample_id' must be a list, got {type(sample_id).__name__}")
        indices = {identifier: index for index, identifier in enumerate(sample_id)}
        if len(indices) != len(sample_id):
            twice = next(name for index, name in enumerate(sample_id) if indices[name] != index)
            raise ValueError(f"each 'sample_id' must be there once, but {twice!r} is there several times")
        _check_lengths(_lengths(fields), len(sample_id), "'sample_id'")
        super().__init__(len(sample_id), {"sample_id": sample_id, **fields})

    def __setstate__(self, state: Dict[str, Any]) -> None:
        super().__setstate__(state)
        self._indices = {identifier: index for index, identifier in enumerate(self._fields["sample_id"])}

    def _key(self, index: int) -> Any:
        return self._fields["sample_id"][index]

    def get_sample(self, sample_id: Hashable) -> Any:
        """The sample with this ``sample_id``.

        :param sample_id: one of those of the data set
        :raises ValueError: if there is no such sample
        :raises TypeError: if ``sample_id`` is not hashable
        """
        index = self._indices.get(sample_id)
        if index is None:
            raise ValueError(f"there is no sample with sample_id = {sample_id!r}")
        return self[index]


def _lengths(fields: Dict[str, Any]) -> Dict[str, int]:
    """Of the fields that are lists."""
    for name, field in fields.items():
        if not isinstance(name, str):
            raise TypeError(f"the name of a field must be a string, got {name!r}")
        if not isinstance(field, list) and not callable(field):
            raise TypeError(f"field '{name}' must be a list or a function, got {type(field).__name__}")
        if isinstance(field, list):
            others = {type(value).__name__ for value in field if not isinstance(value, type(field[0]))}
            if others:
                kinds = sorted({type(field[0]).__name__, *others})
                raise TypeError(f"field '{name}' must have values of one type, got {', '.join(kinds)}")
    return {name: len(field) for name, field in fields.items() if isinstance(field, list)}


def _check_lengths(lengths: Dict[str, int], size: Any, of: str) -> None:
    if any(length != size for length in lengths.values()):
        got = ", ".join(f"{name}: {length}" for name, length in lengths.items())
        raise ValueError(f"all fields must have the same number of samples, got {got}, and {size} from {of}")
