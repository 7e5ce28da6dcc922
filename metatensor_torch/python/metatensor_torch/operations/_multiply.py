# SPDX-License-Identifier: BSD-3-Clause
"""A multiple of a block, under the private name that metatrain imports it with."""

import torch

from .._classes import Labels, TensorBlock, TensorMap
from .arithmetic import multiply


def _multiply_block_constant(block: TensorBlock, constant: float) -> TensorBlock:
    """A block and its gradients, times a number."""
    keys = Labels("_", torch.zeros(1, 1, dtype=torch.int32, device=block.device))
    return multiply(TensorMap(keys, [block.copy(False)]), constant).block().copy(False)
