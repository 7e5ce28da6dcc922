# SPDX-License-Identifier: BSD-3-Clause
from typing import Any, Callable

import torch

from ._collate import group_and_join


class DataLoader(torch.utils.data.DataLoader):
    """A :py:class:`torch.utils.data.DataLoader` whose batches are named tuples with joined maps and tensors.

    Maps, blocks and labels come from worker processes (``num_workers``) as tensors do. With ``pin_memory=True``, the values of maps
    and blocks are in pinned memory, as tensors are: ``batch.features.to("cuda", non_blocking=True)`` does not wait. Where there
    is no GPU, torch warns and pins nothing.

    :param dataset: a :py:class:`Dataset`, an :py:class:`IndexedDataset`, or a part of one
    :param collate_fn: what makes a batch of a list of samples, by default :py:func:`group_and_join`; not called by default if
        ``batch_size`` is ``None``, when single samples come out
    :param kwargs: all other arguments of :py:class:`torch.utils.data.DataLoader`, such as ``batch_size``, ``shuffle`` and
        ``num_workers``
    :raises ValueError: if the arguments don't fit each other, as torch says
    """

    def __init__(self, dataset: Any, collate_fn: Callable = group_and_join, **kwargs):
        if kwargs.get("batch_size", 1) is None and collate_fn is group_and_join:
            collate_fn = _unchanged
        super().__init__(dataset, collate_fn=collate_fn, **kwargs)


def _unchanged(sample: Any) -> Any:
    return sample
