# SPDX-License-Identifier: BSD-3-Clause
"""Random labels, blocks and maps: the same for every implementation that is asked with the same seed."""

import random

import torch

from metatensor.torch import Labels, TensorBlock, TensorMap


NAMES = ["system", "atom", "type", "n", "l", "m"]
DTYPES = [torch.float64, torch.float32, torch.float16, torch.int64, torch.int32, torch.uint8, torch.bool]


class Random(random.Random):
    """Random numbers, and what is made of them"""

    def __init__(self, seed: int):
        super().__init__(seed)
        self.seed_of_torch = torch.Generator().manual_seed(seed)

    def rows(self, n_rows, n_columns, low=0, high=9, order=None):
        """Unique rows: as they come, or sorted"""
        if n_columns == 0:
            return torch.zeros([min(n_rows, 1), 0], dtype=torch.int32)
        found = dict.fromkeys(tuple(self.randint(low, high) for _ in range(n_columns)) for _ in range(n_rows))
        rows = sorted(found) if (order or self.choice(["sorted", "drawn"])) == "sorted" else list(found)
        return torch.tensor(rows, dtype=torch.int32).reshape(-1, n_columns)

    def labels(self, n_rows=None, names=None, low=0, high=9, order=None):
        """Labels with up to ``n_rows`` entries"""
        names = NAMES[: self.randint(1, 4)] if names is None else names
        n_rows = self.choice([0, 1, 2, 5, 30]) if n_rows is None else n_rows
        return Labels(names, self.rows(n_rows, len(names), low, high, order))

    def values(self, shape, dtype=torch.float64):
        """Values that every dtype can have exactly, so that sums are exact too"""
        high = 2 if dtype == torch.bool else 100
        return torch.randint(0, high, shape, generator=self.seed_of_torch).to(dtype)

    def block(self, n_components=None, dtype=torch.float64, samples=None, properties=None, components=None, gradients=()):
        """A block with the ``gradients`` (parameters), where each has one more component"""
        samples = self.labels(names=NAMES[:2]) if samples is None else samples
        properties = self.labels(names=["n"]) if properties is None else properties
        if components is None:
            n_components = self.choice([0, 0, 1, 2]) if n_components is None else n_components
            components = [self.labels(self.randint(1, 4), [f"c_{i}"], order="sorted") for i in range(n_components)]
        shape = [len(samples), *map(len, components), len(properties)]
        block = TensorBlock(self.values(shape, dtype), samples, components, properties)
        for parameter in gradients:
            block.add_gradient(parameter, self.gradient(block, parameter))
        return block

    def gradient(self, block, parameter, n_rows=None):
        """A gradient of ``block``, for some of its samples"""
        n_rows = self.randint(0, 2 * len(block)) if n_rows is None else n_rows
        found = {(self.randrange(len(block)), self.randint(0, 3)) for _ in range(n_rows)} if len(block) > 0 else set()
        rows = torch.tensor(sorted(found), dtype=torch.int32).reshape(-1, 2)
        samples = Labels(["sample", parameter + "_index"], rows)
        axis = Labels([parameter + "_axis"], torch.arange(2, dtype=torch.int32).reshape(-1, 1))
        shape = [len(samples), 2, *block.values.shape[1:]]
        components = [axis, *block.components]
        return TensorBlock(self.values(shape, block.values.dtype), samples, components, block.properties)

    def map(self, key_names=("a", "b"), n_keys=None, dtype=torch.float64, gradients=(), components=None, same_properties=False):
        """A map whose blocks have the same components, and samples and properties that overlap"""
        keys = self.labels(self.randint(1, 8) if n_keys is None else n_keys, list(key_names), high=2)
        components = self.choice([[], [Labels.range("c", 3)]]) if components is None else components
        properties = self.labels(4, ["n", "l"], high=2) if same_properties else None
        blocks = [
            self.block(
                dtype=dtype,
                samples=self.labels(self.choice([0, 1, 4, 12]), NAMES[:2], high=3),
                components=components,
                properties=properties or self.labels(self.choice([1, 3, 6]), ["n", "l"], high=2),
                gradients=gradients,
            )
            for _ in range(len(keys))
        ]
        return TensorMap(keys, blocks)
