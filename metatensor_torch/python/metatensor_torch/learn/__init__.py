# SPDX-License-Identifier: BSD-3-Clause
"""Modules (:py:mod:`metatensor.torch.learn.nn`) and data sets (:py:mod:`metatensor.torch.learn.data`) for training."""

from . import data, nn
from .data import DataLoader, Dataset, IndexedDataset
from .nn import Linear, ModuleMap


__all__ = ["DataLoader", "Dataset", "IndexedDataset", "Linear", "ModuleMap", "data", "nn"]
