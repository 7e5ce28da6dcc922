# SPDX-License-Identifier: BSD-3-Clause
"""What the axes of components are, by their names and labels."""

from typing import List, Tuple

import torch

from metatensor_torch import Labels, LabelsEntry, TensorBlock


def suffix_of(name: str, start: str) -> str:
    """Of ``start``, ``start_1`` to ``start_9``, what comes after it; ``?`` for other names."""
    if name == start:
        return ""
    if len(name) == len(start) + 2 and name.startswith(start + "_") and name[-1] in "123456789":
        return name[-2:]
    return "?"


def is_cartesian(component: Labels) -> bool:
    """Are the components Cartesian, not spherical? An error if they are neither."""
    if len(component.names) == 1:
        if suffix_of(component.names[0], "xyz") != "?":
            return True
        if suffix_of(component.names[0], "o3_mu") != "?":
            return False
    raise ValueError(
        f"components {component.names} can not be transformed: they must be Cartesian ('xyz', 'xyz_1', ...) or spherical "
        "('o3_mu', 'o3_mu_1', ...)"
    )


def check_cartesian(component: Labels) -> None:
    found: List[int] = component.values[:, 0].to(torch.int64).tolist()
    if found != [0, 1, 2]:
        raise ValueError(f"Cartesian components '{component.names[0]}' must be [0, 1, 2], got {found}")


def irrep_of_axis(key: LabelsEntry, component: Labels) -> Tuple[int, int]:
    """Degree and sign (``o3_lambda``, ``o3_sigma``) of spherical components."""
    name = component.names[0]
    suffix = suffix_of(name, "o3_mu")
    for needed in ["o3_lambda" + suffix, "o3_sigma" + suffix]:
        if needed not in key.names:
            raise ValueError(f"spherical components '{name}' need '{needed}' in the keys, which have {key.names}")
    degree, sigma = int(key["o3_lambda" + suffix]), int(key["o3_sigma" + suffix])
    found: List[int] = component.values[:, 0].to(torch.int64).tolist()
    expected = [order for order in range(-degree, degree + 1)]
    if found != expected:
        raise ValueError(f"spherical components '{name}' of degree {degree} must be {expected}, got {found}")
    if sigma != 1 and sigma != -1:
        raise ValueError(f"'o3_sigma{suffix}' must be 1 or -1, got {sigma}")
    return degree, sigma


def largest_degree(key: LabelsEntry, block: TensorBlock) -> int:
    """The largest degree of spherical components, -1 if there are none."""
    largest = -1
    for component in block.components:
        if len(component.names) == 1 and suffix_of(component.names[0], "o3_mu") != "?":
            largest = max(largest, irrep_of_axis(key, component)[0])
    return largest


def apply_along(values: torch.Tensor, matrices: torch.Tensor, axis: int) -> torch.Tensor:
    """Matrices [n_rows or 1, d, d] times values [n_rows, ..., d, ...] along one axis."""
    moved = values.movedim(axis, 1)
    return (matrices @ moved.flatten(2)).reshape(moved.shape).movedim(1, axis)
