# SPDX-License-Identifier: BSD-3-Clause
from typing import Any, Dict, List, Optional

import torch

from ...operations import join
from .._objects import class_of
from ._named import named_tuple


def group(batch: List) -> Any:
    """The samples as one named tuple ``Batch``, each field a tuple with the values of all samples.

    :param batch: samples of a :py:class:`Dataset` or :py:class:`IndexedDataset`
    :raises IndexError: if ``batch`` is empty
    :raises AttributeError: if the samples are not named tuples
    """
    return named_tuple("Batch", _fields(batch))(*zip(*batch))


def group_and_join(
    batch: List,
    fields_to_join: Optional[List[str]] = None,
    join_kwargs: Optional[Dict[str, Any]] = None,
) -> Any:
    """The samples as one named tuple ``Batch``, in which maps and tensors are joined.

    Maps are joined along their samples, see :py:func:`metatensor.torch.join`. Tensors are put below each other,
    ``[n, ...]`` each; those with one axis ``[p]`` become rows of ``[n_samples, p]``, numbers ``[n_samples, 1]``. All else,
    and the fields that are not to be joined, are tuples with the values of all samples, as with :py:func:`group`. How a field
    is treated is decided by its first value.

    :param batch: samples of a :py:class:`Dataset` or :py:class:`IndexedDataset`
    :param fields_to_join: names of the fields to be joined, all by default; names of no field are ignored
    :param join_kwargs: more arguments for :py:func:`metatensor.torch.join`, such as ``{"add_dimension": "system"}``
    :raises IndexError: if ``batch`` is empty
    :raises AttributeError: if the samples are not named tuples
    :raises TypeError: if ``join_kwargs`` has ``axis``, or a field is a tensor in one sample but not in the others
    :raises ValueError: if the keys of the maps are not the same
    :raises RuntimeError: if tensors don't fit, or two samples of the maps have the same labels
    """
    fields = _fields(batch)
    if isinstance(fields_to_join, str):
        fields_to_join = [fields_to_join]
    joined = [
        _joined(values, join_kwargs or {}) if fields_to_join is None or name in fields_to_join else values
        for name, values in zip(fields, zip(*batch))
    ]
    return named_tuple("Batch", fields)(*joined)


def _fields(batch: List) -> tuple:
    if len(batch) == 0:
        raise IndexError("the batch is empty, it must have one sample at least")
    if not hasattr(batch[0], "_fields"):
        raise AttributeError(
            f"samples must be named tuples, as those of a Dataset are, got {type(batch[0]).__name__}, which has no '_fields'"
        )
    return batch[0]._fields


def _joined(values: tuple, join_kwargs: Dict[str, Any]) -> Any:
    if isinstance(values[0], torch.Tensor):
        return torch.vstack(values)
    if class_of(values[0]) == "metatensor.TensorMap":
        return join(list(values), axis="samples", **join_kwargs)
    return values
