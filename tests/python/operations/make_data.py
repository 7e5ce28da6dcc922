# SPDX-License-Identifier: BSD-3-Clause
"""Small maps for tests of operations: random values, labels that are not sorted, gradients, components."""

from typing import List, Optional

import torch

from metatensor.torch import Labels, TensorBlock, TensorMap


class Data:
    """Makes the same data every time for the same arguments."""

    def __init__(
        self,
        dtype: torch.dtype = torch.float64,
        device: str = "cpu",
        n_blocks: int = 2,
        n_samples: int = 4,
        requires_grad: bool = False,
    ):
        self.dtype, self.device = dtype, device
        self.n_blocks, self.n_samples = n_blocks, n_samples
        self.requires_grad = requires_grad
        #: the values of everything that was made
        self.leaves: List[torch.Tensor] = []

    def labels(self, names: List[str], rows: List[List[int]]) -> Labels:
        values = torch.tensor(rows, dtype=torch.int32).reshape(len(rows), len(names))
        return Labels(names, values).to(self.device)

    def values(self, seed: int, *shape: int) -> torch.Tensor:
        """Numbers between 0.5 and 1.5, so that they can be divided by and have roots."""
        generator = torch.Generator().manual_seed(seed)
        values = torch.rand(*shape, generator=generator, dtype=torch.float64) + 0.5
        if self.dtype.is_floating_point or self.dtype.is_complex:
            values = values.to(self.dtype)
        else:
            values = (values * 10).to(self.dtype)
        values = values.to(self.device)
        if self.requires_grad:
            values.requires_grad_(True)
        self.leaves.append(values)
        return values

    def block(
        self,
        seed: int,
        n_samples: Optional[int] = None,
        n_properties: int = 3,
        n_components: int = 1,
        gradients: bool = True,
    ) -> TensorBlock:
        """Samples (system, atom), components c_0, ..., properties (p, q), gradients "positions"."""
        n_samples = self.n_samples if n_samples is None else n_samples
        samples = self.labels(["system", "atom"], [[3 - i // 2, (i * 5) % 7] for i in range(n_samples)])
        components = [self.labels([f"c_{i}"], [[j] for j in range(2 + i)]) for i in range(n_components)]
        properties = self.labels(["p", "q"], [[j % 2, 5 - j] for j in range(n_properties)])
        sizes = [2 + i for i in range(n_components)]
        block = TensorBlock(
            self.values(seed, n_samples, *sizes, n_properties), samples, components, properties
        )
        if gradients:
            # two rows for some samples, none for others
            rows = [[i, 7 - i + j] for i in range(n_samples) for j in range((i + 1) % 3)]
            xyz = self.labels(["xyz"], [[0], [1], [2]])
            gradient = TensorBlock(
                self.values(seed + 1000, len(rows), 3, *sizes, n_properties),
                self.labels(["sample", "atom"], rows),
                [xyz, *components],
                properties,
            )
            block.add_gradient("positions", gradient)
        return block

    def keys(self) -> Labels:
        return self.labels(["k", "l"], [[2 - i % 2, i] for i in range(self.n_blocks)])

    def map(self, seed: int, **options) -> TensorMap:
        """Keys (k, l) and blocks as above; the blocks differ in their numbers of samples and properties."""
        blocks = [
            self.block(
                seed + 10 * i,
                **{
                    "n_samples": max(self.n_samples - i, 0),
                    "n_properties": 3 - i % 2,
                    **options,
                },
            )
            for i in range(self.n_blocks)
        ]
        return TensorMap(self.keys(), blocks)
