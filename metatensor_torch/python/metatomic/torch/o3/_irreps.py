# SPDX-License-Identifier: BSD-3-Clause
"""Quantities in spherical components, so that what changes alike under rotations stands together."""

import math
from typing import List

import torch

from metatensor_torch import Labels, TensorBlock, TensorMap

from .._info import with_info
from .._requests import DEPRECATED_NAMES


SCALARS = ["charge", "energy", "energy_ensemble", "energy_uncertainty", "mass", "spin_multiplicity"]
VECTORS = ["heat_flux", "momentum", "non_conservative_force", "position", "velocity"]
MATRICES = ["non_conservative_stress"]
#: largest degree of the spherical components of a quantity, which says how many axes of xyz it has, too
DEGREES = {**dict.fromkeys(SCALARS, 0), **dict.fromkeys(VECTORS, 1), **dict.fromkeys(MATRICES, 2)}
DEGREES.update({old: DEGREES[name] for name, old in DEPRECATED_NAMES.items() if name in DEGREES})


def in_irreps(tensor: TensorMap, degree: int) -> TensorMap:
    """Blocks with components ``o3_mu`` out of scalars (``degree`` 0), vectors (1) or matrices (2), each normalized alike."""
    rows: List[torch.Tensor] = []
    blocks: List[TensorBlock] = []
    names = [name for name in key_names(tensor.keys)]
    for i in range(len(tensor.keys)):
        block = tensor.block_by_id(i)
        if len(block.components) != degree:
            raise ValueError(f"there must be {degree} components of this quantity, got {len(block.components)}")
        key = tensor.keys.values[i : i + 1, tensor.keys.values.shape[1] - len(names) :]
        parts = _parts(block.values, degree)
        for j, part in enumerate(parts):
            ell = part.shape[1] // 2
            sigma = -1 if degree == 2 and ell == 1 else 1
            rows.append(torch.cat([key, torch.tensor([[ell, sigma]], dtype=key.dtype, device=key.device)], dim=1))
            orders = torch.arange(-ell, ell + 1, device=key.device).reshape(-1, 1)
            blocks.append(TensorBlock(part, block.samples, [Labels(["o3_mu"], orders)], block.properties))
    keys = Labels(names + ["o3_lambda", "o3_sigma"], torch.cat(rows))
    return with_info(TensorMap(keys, blocks), tensor)


def key_names(keys: Labels) -> List[str]:
    """The dimensions of keys, without the ``_`` that stands for none."""
    empty: List[str] = []
    return empty if keys.names == ["_"] else keys.names


def _parts(values: torch.Tensor, degree: int) -> List[torch.Tensor]:
    """Spherical components [n_samples, 2 l + 1, ...] for all l."""
    if degree == 0:
        return [values[:, None]]
    if degree == 1:
        return [torch.stack([values[:, 1], values[:, 2], values[:, 0]], dim=1)]
    half = math.sqrt(0.5)
    xx, yy, zz = values[:, 0, 0], values[:, 1, 1], values[:, 2, 2]
    xy, yx = values[:, 0, 1], values[:, 1, 0]
    yz, zy = values[:, 1, 2], values[:, 2, 1]
    zx, xz = values[:, 2, 0], values[:, 0, 2]
    trace = (xx + yy + zz) / math.sqrt(3.0)
    axial = torch.stack([half * (zx - xz), half * (xy - yx), half * (yz - zy)], dim=1)
    traceless = [half * (xy + yx), half * (yz + zy), (2 * zz - xx - yy) / math.sqrt(6.0), half * (zx + xz), half * (xx - yy)]
    return [trace[:, None], axial, torch.stack(traceless, dim=1)]
