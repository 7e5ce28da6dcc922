# SPDX-License-Identifier: BSD-3-Clause
"""Checks of the arguments of modules."""

from typing import Any, List, Optional, Union

import torch

from ..._classes import Labels
from .._objects import class_of


def check_keys(in_keys: Any) -> None:
    if class_of(in_keys) != "metatensor.Labels":
        raise TypeError(f"'in_keys' must be Labels, got {type(in_keys).__name__}")


def sizes_of_blocks(name: str, sizes: Union[int, List[int]], n_keys: int, of: str = "keys in 'in_keys'") -> List[int]:
    """One number of features for each key."""
    if isinstance(sizes, int):
        return [sizes] * n_keys
    if not isinstance(sizes, (list, tuple)) or not all(isinstance(size, int) for size in sizes):
        raise TypeError(f"'{name}' must be an integer or a list of integers, got {sizes!r}")
    if len(sizes) != n_keys:
        raise ValueError(f"'{name}' must have one number for each of the {n_keys} {of}, got {len(sizes)}")
    return list(sizes)


def out_sizes(
    out_features: Union[int, List[int], None], out_properties: Optional[List[Labels]], n_keys: int
) -> List[int]:
    """One number of features for each key: as many as there are properties, if these are known."""
    if out_features is not None:
        return sizes_of_blocks("out_features", out_features, n_keys)
    if out_properties is None:
        raise ValueError("either 'out_features' or 'out_properties' must be given")
    properties = properties_of_blocks(out_properties, n_keys)
    return [len(labels) for labels in properties]


def properties_of_blocks(out_properties: Union[Labels, List[Labels]], n_keys: int) -> List[Labels]:
    """One set of properties for each key; the same for all of them if ``out_properties`` are labels."""
    if class_of(out_properties) == "metatensor.Labels":
        return [out_properties] * n_keys
    if not isinstance(out_properties, (list, tuple)) or any(
        class_of(labels) != "metatensor.Labels" for labels in out_properties
    ):
        raise TypeError(f"'out_properties' must be a list of Labels, got {out_properties!r}")
    if len(out_properties) != n_keys:
        raise ValueError(f"'out_properties' must have Labels for each of the {n_keys} keys, got {len(out_properties)}")
    return list(out_properties)


def are_invariant(in_keys: Labels, invariant_keys: Optional[Labels]) -> List[bool]:
    """For each key whether it is selected by ``invariant_keys``, by default ``o3_lambda = 0, o3_sigma = 1``."""
    check_keys(in_keys)
    if invariant_keys is None:
        absent = [name for name in ["o3_lambda", "o3_sigma"] if name not in in_keys.names]
        if absent:
            raise RuntimeError(
                f"'invariant_keys' must be given, as 'in_keys' has no dimension {absent[0]}, only {list(in_keys.names)}"
            )
        invariant_keys = Labels(["o3_lambda", "o3_sigma"], torch.tensor([[0, 1]], device=in_keys.device))
    selected = set(in_keys.select(invariant_keys).tolist())
    return [i in selected for i in range(len(in_keys))]
