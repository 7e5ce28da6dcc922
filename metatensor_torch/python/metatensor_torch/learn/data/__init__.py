# SPDX-License-Identifier: BSD-3-Clause
"""Data sets of maps and anything else, and loaders that join them into batches."""

from ._collate import group, group_and_join
from ._dataloader import DataLoader
from ._dataset import Dataset, IndexedDataset


__all__ = ["DataLoader", "Dataset", "IndexedDataset", "group", "group_and_join"]
