# SPDX-License-Identifier: BSD-3-Clause
"""Rotations and inversions as tensors, and what they do to values, systems and maps; all of it can be scripted."""

from typing import List, NamedTuple, Optional

import torch

from metatensor_torch import LabelsEntry, TensorBlock, TensorMap

from .._classes import System
from .._info import with_info
from ._axes import apply_along, check_cartesian, irrep_of_axis, is_cartesian


class Operations(NamedTuple):
    """One or several operations, each of a system of its own."""

    #: [n, 3, 3]
    matrices: torch.Tensor
    #: [n] have they an inversion?
    improper: torch.Tensor
    #: [n, 2 l + 1, 2 l + 1] for each degree l, of what is left without the inversion
    wigner: List[torch.Tensor]


def inverted(operations: Operations) -> Operations:
    """With one more inversion each."""
    return Operations(-operations.matrices, torch.logical_not(operations.improper), operations.wigner)


def inverse_of(operations: Operations) -> Operations:
    """What undoes them."""
    wigner: List[torch.Tensor] = []
    for matrix in operations.wigner:
        wigner.append(matrix.transpose(1, 2))
    return Operations(operations.matrices.transpose(1, 2), operations.improper, wigner)


def some_of(operations: Operations, start: int, end: int) -> Operations:
    """Those from ``start`` to before ``end``."""
    wigner: List[torch.Tensor] = []
    for matrix in operations.wigner:
        wigner.append(matrix[start:end])
    return Operations(operations.matrices[start:end], operations.improper[start:end], wigner)


def spherical_matrices(operations: Operations, ell: int, sigma: int) -> torch.Tensor:
    """Matrices [n, 2 ell + 1, 2 ell + 1] for coefficients of spherical harmonics, or of what has another sign."""
    if sigma != 1 and sigma != -1:
        raise ValueError(f"`sigma` must be 1 or -1, got {sigma}")
    if ell < 0 or ell >= len(operations.wigner):
        raise ValueError(f"`ell` must be from 0 to max_angular_momentum={len(operations.wigner) - 1}, got {ell}")
    matrices = operations.wigner[ell]
    parity = sigma if ell % 2 == 0 else -sigma
    return matrices if parity == 1 else torch.where(operations.improper[:, None, None], -matrices, matrices)


def all_of(values: torch.Tensor, matrices: torch.Tensor) -> torch.Tensor:
    """All matrices [n, d, d] times values [..., d]; without the axis of the matrices if there is only one."""
    check_type("values", values, matrices)
    size = matrices.shape[1]
    if values.dim() == 0 or values.shape[-1] != size:
        raise ValueError(f"values must have shape [..., {size}], got {list(values.shape)}")
    rows = values.reshape(-1, size)
    result = (rows @ matrices.transpose(1, 2)).reshape([matrices.shape[0]] + list(values.shape))
    return result[0] if matrices.shape[0] == 1 else result


def check_type(what: str, values: torch.Tensor, matrices: torch.Tensor) -> None:
    if values.dtype != matrices.dtype or values.device != matrices.device:
        raise ValueError(
            f"{what} must have the dtype and device of the transformations, {matrices.dtype} and {matrices.device}, "
            f"got {values.dtype} and {values.device}"
        )


def transformed_systems(operations: Operations, systems: List[System]) -> List[System]:
    """The first system after the first operation, and so on."""
    n = operations.matrices.shape[0]
    if len(systems) != n:
        raise ValueError(f"there must be one system for each of the {n} transformations, got {len(systems)}")
    results: List[System] = []
    for i, system in enumerate(systems):
        check_type("systems", system.positions, operations.matrices)
        matrix = operations.matrices[i]
        transposed = matrix.transpose(0, 1)
        result = System(system.types, system.positions @ transposed, system.cell @ transposed, system.pbc)
        for request in system.known_neighbor_lists():
            pairs = system.get_neighbor_list(request)
            # the gradient of the vectors, if there is one, goes through those of the system before
            vectors = TensorBlock(matrix @ pairs.values, pairs.samples, pairs.components, pairs.properties)
            result.add_neighbor_list(request, vectors)
        one = some_of(operations, i, i + 1)
        for name in system.known_data():
            result.add_data(name, transformed_map(one, system.get_data(name), None))
        results.append(result)
    return results


def transformed_map(operations: Operations, tensor: TensorMap, system_ids: Optional[torch.Tensor]) -> TensorMap:
    """Each sample after the operation of its system."""
    blocks: List[TensorBlock] = []
    for i in range(len(tensor.keys)):
        block = tensor.block_by_id(i)
        rows = rows_of(operations, block, system_ids)
        blocks.append(transformed_block(operations, tensor.keys.entry(i), block, rows))
    return with_info(TensorMap(tensor.keys, blocks), tensor)


def rows_of(operations: Operations, block: TensorBlock, system_ids: Optional[torch.Tensor]) -> torch.Tensor:
    """Which operation [n_samples] each sample needs."""
    n = operations.matrices.shape[0]
    check_type("values", block.values, operations.matrices)
    if system_ids is not None and (system_ids.dim() != 1 or torch.unique(system_ids).shape[0] != n):
        raise ValueError(f"`system_ids` must be {n} different integers, got shape {list(system_ids.shape)} or some twice")
    if n == 1:
        return torch.zeros(len(block.samples), dtype=torch.int64, device=block.values.device)
    if "system" not in block.samples.names:
        raise ValueError(f"with {n} transformations, samples must have a dimension 'system', got {block.samples.names}")
    systems = block.samples.column("system").to(torch.int64)
    ids = torch.arange(n, device=systems.device)
    if system_ids is not None:
        ids = system_ids.to(systems.device, torch.int64)
    order = torch.argsort(ids)
    rows = order[torch.searchsorted(ids[order], systems).clamp(max=n - 1)]
    unknown = systems[ids[rows] != systems]
    if unknown.shape[0] > 0:
        raise ValueError(f"there is no transformation of system {int(unknown[0])}")
    return rows


def transformed_block(
    operations: Operations, key: LabelsEntry, block: TensorBlock, rows: torch.Tensor
) -> TensorBlock:
    """Values and gradients, with the operation ``rows`` [n_samples] of each sample."""
    values = _transformed_values(operations, key, block, rows)
    result = TensorBlock(values, block.samples, block.components, block.properties)
    for parameter, gradient in block.gradients():
        if len(gradient.gradients_list()) > 0:
            raise ValueError("gradients of gradients can not be transformed")
        gradient_rows = rows[gradient.samples.column("sample").to(torch.int64)]
        values = _transformed_values(operations, key, gradient, gradient_rows)
        result.add_gradient(
            parameter, TensorBlock(values, gradient.samples, gradient.components, gradient.properties)
        )
    return result


def _transformed_values(
    operations: Operations, key: LabelsEntry, block: TensorBlock, rows: torch.Tensor
) -> torch.Tensor:
    values = block.values
    for i, component in enumerate(block.components):
        if is_cartesian(component):
            check_cartesian(component)
            matrices = operations.matrices
        else:
            ell, sigma = irrep_of_axis(key, component)
            matrices = spherical_matrices(operations, ell, sigma)
        values = apply_along(values, matrices if matrices.shape[0] == 1 else matrices[rows], i + 1)
    return values
