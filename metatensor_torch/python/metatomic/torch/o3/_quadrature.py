# SPDX-License-Identifier: BSD-3-Clause
"""Rotations with weights, whose sums are integrals over all rotations."""

import math
from typing import Tuple

import torch

from ._wigner import about_z


LEBEDEV_DEGREES = [*range(3, 32, 2), *range(35, 132, 6)]


def rotation_quadrature(degree: int) -> Tuple[torch.Tensor, torch.Tensor]:
    """Rotations [n, 3, 3] and weights [n], exact for products of Wigner-D matrices up to this degree in all.

    The axis z goes to the points of a Lebedev rule on the sphere, after ``degree + 1`` equal turns about itself.

    :param degree: from 0 to 131
    :raises ValueError: if there is no such rule
    :raises ImportError: if there is no SciPy, or one before 1.15
    """
    fitting = [order for order in LEBEDEV_DEGREES if order >= degree]
    if len(fitting) == 0:
        raise ValueError(f"there is no Lebedev rule of degree {degree}, the largest is {LEBEDEV_DEGREES[-1]}")
    try:
        from scipy.integrate import lebedev_rule
    except ImportError as error:
        raise ImportError("averages over rotations need SciPy 1.15 or newer, for its Lebedev rules") from error
    points, weights = map(torch.from_numpy, lebedev_rule(fitting[0]))
    x, y, z = points
    turns = 2 * math.pi * torch.arange(degree + 1, dtype=torch.float64) / (degree + 1)
    to_points = about_z(torch.atan2(y, x)) @ _about_y(torch.atan2(torch.hypot(x, y), z))
    rotations = (to_points[:, None] @ about_z(turns)).reshape(-1, 3, 3)
    weights = (weights / weights.sum()).repeat_interleave(len(turns)) / len(turns)
    return rotations, weights


def _about_y(angles: torch.Tensor) -> torch.Tensor:
    cos, sin, zero = angles.cos(), angles.sin(), torch.zeros_like(angles)
    rows = [torch.stack([cos, zero, sin], 1), torch.stack([zero, zero + 1, zero], 1), torch.stack([-sin, zero, cos], 1)]
    return torch.stack(rows, dim=1)
