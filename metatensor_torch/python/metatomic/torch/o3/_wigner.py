# SPDX-License-Identifier: BSD-3-Clause
"""Real Wigner-D matrices: how the 2 l + 1 real spherical harmonics of one degree change under rotations."""

import math
from typing import List

import torch


def real_wigner_matrices(rotations: torch.Tensor, max_degree: int) -> List[torch.Tensor]:
    """Matrices [n, 2 l + 1, 2 l + 1] for each degree l up to ``max_degree``, for proper rotations [n, 3, 3].

    With angles around the axes z, y, z, and matrices T from complex to real spherical harmonics::

        D^l = T* exp(-i alpha J_z) exp(-i beta J_y) exp(-i gamma J_z) T^T
    """
    alpha, beta, gamma = _zyz_angles(rotations.to("cpu", torch.float64))
    result: List[torch.Tensor] = []
    for degree in range(max_degree + 1):
        orders = torch.arange(-degree, degree + 1, dtype=torch.float64)
        # exp(-i beta J_y), by the eigenvectors of J_y, whose eigenvalues are the orders
        vectors = torch.linalg.eigh(_angular_momentum_y(degree)).eigenvectors
        middle = vectors * _phases(beta, orders)[:, None] @ vectors.mH
        rotated = _phases(alpha, orders)[:, :, None] * middle * _phases(gamma, orders)[:, None, :]
        to_real = _real_from_complex(degree)
        result.append((to_real.conj() @ rotated @ to_real.T).real)
    return result


def _zyz_angles(rotations: torch.Tensor):
    """Angles alpha, beta, gamma [n] with R = R_z(alpha) R_y(beta) R_z(gamma)."""
    x, y, z = rotations[:, :, 2].unbind(1)
    alpha = torch.atan2(y, x)
    beta = torch.atan2(torch.hypot(x, y), z)
    # Near the poles alpha is any number; gamma is what is left to turn after it, so that errors do not add up.
    turned = about_z(-alpha) @ rotations
    gamma = torch.atan2(turned[:, 1, 0], turned[:, 1, 1])
    return alpha, beta, gamma


def about_z(angles: torch.Tensor) -> torch.Tensor:
    """Rotations [n, 3, 3] by angles about the axis z."""
    cos, sin, zero = angles.cos(), angles.sin(), torch.zeros_like(angles)
    rows = [torch.stack([cos, -sin, zero], 1), torch.stack([sin, cos, zero], 1), torch.stack([zero, zero, zero + 1], 1)]
    return torch.stack(rows, dim=1)


def _phases(angles: torch.Tensor, orders: torch.Tensor) -> torch.Tensor:
    """exp(-i m angle) [n, 2 l + 1]"""
    return torch.exp(-1j * angles[:, None] * orders)


def _angular_momentum_y(degree: int) -> torch.Tensor:
    orders = torch.arange(-degree, degree, dtype=torch.float64)
    raising = torch.diag((degree * (degree + 1) - orders * (orders + 1)).sqrt(), -1).to(torch.complex128)
    return (raising - raising.T) / 2j


def _real_from_complex(degree: int) -> torch.Tensor:
    """T [2 l + 1, 2 l + 1], which makes real spherical harmonics of complex ones."""
    matrix = torch.zeros(2 * degree + 1, 2 * degree + 1, dtype=torch.complex128)
    matrix[degree, degree] = 1
    for order in range(1, degree + 1):
        sign = (-1) ** order
        matrix[degree + order, degree - order] = 1 / math.sqrt(2)
        matrix[degree + order, degree + order] = sign / math.sqrt(2)
        matrix[degree - order, degree - order] = 1j / math.sqrt(2)
        matrix[degree - order, degree + order] = -1j * sign / math.sqrt(2)
    return matrix
