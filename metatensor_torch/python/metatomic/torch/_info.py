# SPDX-License-Identifier: BSD-3-Clause
"""The texts of maps."""

from metatensor_torch import TensorMap


def with_info(tensor: TensorMap, source: TensorMap) -> TensorMap:
    """``tensor``, to which the texts of ``source`` are copied."""
    for name, text in source.info().items():
        tensor.set_info(name, text)
    return tensor
