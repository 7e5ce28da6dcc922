# SPDX-License-Identifier: BSD-3-Clause
"""Averages over copies of a system: their values one beside the other, their moments, and how they depend on rotations."""

from typing import List, Optional

import torch

from metatensor_torch import Labels, TensorBlock, TensorMap

from .._info import with_info
from ._irreps import key_names


def values_of_copies(block: TensorBlock, n_copies: int) -> torch.Tensor:
    """Values [n_copies, n_samples, ...] of copies of one system, which must have the same samples."""
    samples = block.samples
    if len(samples.names) == 0 or samples.names[0] != "system":
        raise ValueError(f"the first dimension of samples must be 'system', got {samples.names}")
    order = torch.argsort(samples.column("system"), stable=True)
    rows = samples.values[order]
    n_samples = rows.shape[0] // n_copies
    if n_samples * n_copies == rows.shape[0]:
        copies = rows.reshape(n_copies, n_samples, rows.shape[1])
        systems = torch.arange(n_copies, device=rows.device)[:, None]
        if bool((copies[:, :, 0] == systems).all()) and bool((copies[:, :, 1:] == copies[:1, :, 1:]).all()):
            return block.values[order].unflatten(0, [n_copies, n_samples])
    raise ValueError("the model must give the same samples for a system and its rotated copies")


def samples_of_system(block: TensorBlock, n_copies: int, system: int) -> Labels:
    """The samples of one of the copies, as those of a system."""
    order = torch.argsort(block.samples.column("system"), stable=True)
    rows = block.samples.values[order][: order.shape[0] // n_copies].clone()
    rows[:, 0] = system
    return Labels(block.samples.names, rows)


def selected_in_copies(selected: Optional[Labels], system: int, n_copies: int) -> Optional[Labels]:
    """The atoms of a system that are selected, in each of its copies."""
    if selected is None:
        return None
    atoms = selected.column("atom")[selected.column("system") == system]
    copies = torch.arange(n_copies, dtype=atoms.dtype, device=atoms.device)
    rows = torch.stack([copies.repeat_interleave(atoms.shape[0]), atoms.repeat(n_copies)], dim=1)
    return Labels(["system", "atom"], rows)


def weighted_sum(weights: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Over the first axis."""
    return (weights @ values.flatten(1)).reshape(values.shape[1:])


def variance(first: torch.Tensor, second: torch.Tensor, size: torch.Tensor, n_copies: int) -> torch.Tensor:
    """Variances [n_samples, n_properties] that are means over components, out of weighted sums of values and of squares.

    :param size: sums of squares with positive weights, which say how much rounding there is
    """
    variances = second - first * first
    epsilon = 2.3e-16 if variances.dtype == torch.float64 else 1.2e-7
    rounding = epsilon * n_copies * (size + first * first)
    if not bool((variances >= -rounding).all()):
        raise ValueError(
            "a variance is negative or no number: the outputs of the model are no numbers, or depend on rotations in more detail "
            "than `max_angular_momentum_grid` can resolve"
        )
    variances = variances.clamp(min=0.0)
    n_axes = variances.dim() - 2
    return variances.flatten(1, n_axes).mean(dim=1) if n_axes > 0 else variances


def projection(values: torch.Tensor, weights: torch.Tensor, matrices: torch.Tensor) -> torch.Tensor:
    """``sum_i w_i D_i[m, n] values_i`` [(2 l + 1)^2, n_samples, ...] for matrices [n_copies, 2 l + 1, 2 l + 1]."""
    weighted = (weights[:, None] * matrices.flatten(1)).transpose(0, 1)
    return (weighted @ values.flatten(1)).unflatten(1, values.shape[1:])


def with_chi(keys: Labels, max_degree: int) -> Labels:
    """Keys with ``chi_lambda`` and ``chi_sigma``, all of these for the first key, and so on."""
    names = key_names(keys)
    old = keys.values[:, keys.values.shape[1] - len(names) :]
    rows: List[List[int]] = []
    for ell in range(max_degree + 1):
        rows.append([ell, 1])
        rows.append([ell, -1])
    chi = torch.tensor(rows, dtype=old.dtype, device=old.device)
    values = torch.cat([old.repeat_interleave(chi.shape[0], dim=0), chi.repeat(old.shape[0], 1)], dim=1)
    return Labels(names + ["chi_lambda", "chi_sigma"], values)


def joined(maps: List[TensorMap]) -> TensorMap:
    """One map with the samples of all, which may have different keys."""
    keys = maps[0].keys
    for tensor in maps:
        keys = keys.union(tensor.keys)
    blocks: List[TensorBlock] = []
    for i in range(len(keys)):
        found: List[TensorBlock] = []
        for tensor in maps:
            place = tensor.keys.position(keys.entry(i))
            if place is not None:
                found.append(tensor.block_by_id(place))
        values: List[torch.Tensor] = []
        samples: List[torch.Tensor] = []
        for block in found:
            same = block.properties == found[0].properties and len(block.components) == len(found[0].components)
            for j, component in enumerate(block.components):
                same = same and component == found[0].components[j]
            if not same:
                raise ValueError("the model must give the same components and properties for all systems")
            values.append(block.values)
            samples.append(block.samples.values)
        first = found[0]
        all_samples = Labels(first.samples.names, torch.cat(samples))
        blocks.append(TensorBlock(torch.cat(values), all_samples, first.components, first.properties))
    return with_info(TensorMap(keys, blocks), maps[0])
