# SPDX-License-Identifier: BSD-3-Clause
"""Rotations and inversions of vectors, spherical harmonics, systems and maps."""

from typing import List, Optional

import torch

from metatensor_torch import LabelsEntry, TensorBlock, TensorMap

from .._classes import System
from ._checks import checked_integer
from ._operations import (
    Operations,
    all_of,
    inverse_of,
    inverted,
    rows_of,
    spherical_matrices,
    transformed_block,
    transformed_map,
    transformed_systems,
)
from ._wigner import real_wigner_matrices


class O3Transformations(torch.nn.Module):
    """One or several rotations, each with or without an inversion.

    Made in Python, its methods can be called in scripted code, too.
    """

    _max_angular_momentum: int

    def __init__(self, matrices: torch.Tensor, max_angular_momentum: int):
        """
        :param matrices: orthogonal matrices [n, 3, 3], of which a copy is kept
        :param max_angular_momentum: up to which degree spherical harmonics can be transformed
        :raises TypeError: if ``matrices`` is no tensor of floating point numbers, or ``max_angular_momentum`` no integer
        :raises ValueError: if ``matrices`` are not orthogonal or have another shape, or ``max_angular_momentum`` is negative
        """
        super().__init__()
        self._max_angular_momentum = checked_integer("max_angular_momentum", max_angular_momentum, 0)
        if not isinstance(matrices, torch.Tensor) or matrices.dtype not in [torch.float32, torch.float64]:
            found = matrices.dtype if isinstance(matrices, torch.Tensor) else type(matrices).__name__
            raise TypeError(f"`matrices` must be a tensor of torch.float32 or torch.float64, got {found}")
        if matrices.dim() != 3 or list(matrices.shape[1:]) != [3, 3] or matrices.shape[0] == 0:
            raise ValueError(f"`matrices` must have shape [n, 3, 3] with n > 0, got {list(matrices.shape)}")
        squares = matrices @ matrices.transpose(1, 2)
        tolerance = 10 * torch.finfo(matrices.dtype).eps ** 0.75
        deviation = float((squares - torch.eye(3, dtype=matrices.dtype, device=matrices.device)).abs().max())
        if not deviation < tolerance:
            raise ValueError(f"`matrices` must be orthogonal, but products with their transposes deviate by {deviation:.1e}")
        improper = torch.linalg.det(matrices.detach()) < 0
        rotations = torch.where(improper[:, None, None], -matrices, matrices).detach()
        packed = [matrix.flatten() for matrix in real_wigner_matrices(rotations, self._max_angular_momentum)]
        self.register_buffer("_matrices", matrices.clone())
        self.register_buffer("_improper", improper)
        self.register_buffer("_packed_wigner", torch.cat(packed).to(matrices))

    @property
    def matrices(self) -> torch.Tensor:
        """A copy of the matrices [n, 3, 3]."""
        return self._matrices.clone()

    @property
    def max_angular_momentum(self) -> int:
        """Up to which degree spherical harmonics can be transformed."""
        return self._max_angular_momentum

    @property
    def improper_mask(self) -> torch.Tensor:
        """Which [n] have an inversion."""
        return self._improper.clone()

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the matrices, and of what can be transformed."""
        return self._matrices.dtype

    @property
    def device(self) -> torch.device:
        """The device of the matrices, and of what can be transformed."""
        return self._matrices.device

    def wigner_D_matrices(self, ell: int) -> torch.Tensor:
        """How real spherical harmonics change under the rotations, without inversions.

        :param ell: their degree
        :returns: matrices [n, 2 ell + 1, 2 ell + 1]
        :raises ValueError: if ``ell`` is negative or above ``max_angular_momentum``
        """
        if ell < 0 or ell > self._max_angular_momentum:
            raise ValueError(f"`ell` must be from 0 to max_angular_momentum={self._max_angular_momentum}, got {ell}")
        n = self._matrices.shape[0]
        size = 2 * ell + 1
        before = ell * (2 * ell - 1) * (2 * ell + 1) // 3  # sum of (2 k + 1)^2 for k < ell
        return self._packed_wigner[n * before : n * (before + size * size)].reshape(n, size, size)

    def inverse_wigner_D_matrices(self, ell: int) -> torch.Tensor:
        """The inverses of ``wigner_D_matrices``, which are their transposes.

        :param ell: degree of the spherical harmonics
        :returns: matrices [n, 2 ell + 1, 2 ell + 1]
        :raises ValueError: if ``ell`` is negative or above ``max_angular_momentum``
        """
        return self.wigner_D_matrices(ell).transpose(1, 2)

    def transform_cartesian(self, vectors: torch.Tensor, add_inversion: bool = False) -> torch.Tensor:
        """Transform vectors.

        :param vectors: [..., 3]
        :param add_inversion: invert them, too?
        :returns: [..., 3] for one transformation, [n, ..., 3] for several
        :raises ValueError: if ``vectors`` have another shape, dtype or device
        """
        return all_of(vectors, self._operations(add_inversion, False).matrices)

    def inverse_transform_cartesian(self, vectors: torch.Tensor, add_inversion: bool = False) -> torch.Tensor:
        """The inverse of ``transform_cartesian``.

        :param vectors: [..., 3]
        :param add_inversion: invert them, too?
        :returns: [..., 3] for one transformation, [n, ..., 3] for several
        :raises ValueError: if ``vectors`` have another shape, dtype or device
        """
        return all_of(vectors, self._operations(add_inversion, True).matrices)

    def transform_spherical(
        self, values: torch.Tensor, ell: int, sigma: int, add_inversion: bool = False
    ) -> torch.Tensor:
        """Transform coefficients of spherical harmonics.

        :param values: [..., 2 ell + 1]
        :param ell: their degree
        :param sigma: under an inversion they become ``sigma * (-1)^ell`` times themselves, so 1 for spherical harmonics
        :param add_inversion: invert them, too?
        :returns: [..., 2 ell + 1] for one transformation, [n, ..., 2 ell + 1] for several
        :raises ValueError: if ``values`` have another shape, dtype or device, ``ell`` is out of range, or ``sigma`` not 1 or -1
        """
        return all_of(values, spherical_matrices(self._operations(add_inversion, False), ell, sigma))

    def inverse_transform_spherical(
        self, values: torch.Tensor, ell: int, sigma: int, add_inversion: bool = False
    ) -> torch.Tensor:
        """The inverse of ``transform_spherical``.

        :param values: [..., 2 ell + 1]
        :param ell: their degree
        :param sigma: 1 for spherical harmonics, -1 for what has the other sign under an inversion
        :param add_inversion: invert them, too?
        :returns: [..., 2 ell + 1] for one transformation, [n, ..., 2 ell + 1] for several
        :raises ValueError: if ``values`` have another shape, dtype or device, ``ell`` is out of range, or ``sigma`` not 1 or -1
        """
        return all_of(values, spherical_matrices(self._operations(add_inversion, True), ell, sigma))

    def transform_systems(self, systems: List[System], add_inversion: bool = False) -> List[System]:
        """Transform systems with their neighbor lists and data, the first by the first transformation, and so on.

        :param systems: as many as there are transformations; a neighbor list stays connected to the positions for autograd
        :param add_inversion: invert them, too?
        :returns: new systems
        :raises ValueError: if there are more or fewer ``systems``, of another dtype or device, or with data that has other
            components than Cartesian and spherical ones
        """
        return transformed_systems(self._operations(add_inversion, False), systems)

    def inverse_transform_systems(self, systems: List[System], add_inversion: bool = False) -> List[System]:
        """The inverse of ``transform_systems``.

        :param systems: as many as there are transformations
        :param add_inversion: invert them, too?
        :returns: new systems
        :raises ValueError: as ``transform_systems``
        """
        return transformed_systems(self._operations(add_inversion, True), systems)

    def transform_tensormap(
        self, tensor: TensorMap, system_ids: Optional[torch.Tensor] = None, add_inversion: bool = False
    ) -> TensorMap:
        """Transform all blocks, with their gradients; see :py:mod:`metatomic.torch.o3` for names of components.

        :param tensor: what to transform, a new map is made. With several transformations, samples need a dimension ``system``
        :param system_ids: which systems [n] are transformed by the first transformation, the second and so on; ``None`` for
            0, 1, ... With one transformation, all samples are
        :param add_inversion: invert it, too?
        :returns: a map with the same metadata
        :raises ValueError: if components can not be transformed, there is no transformation for a sample, or dtype or device
            are others
        """
        return transformed_map(self._operations(add_inversion, False), tensor, system_ids)

    def inverse_transform_tensormap(
        self, tensor: TensorMap, system_ids: Optional[torch.Tensor] = None, add_inversion: bool = False
    ) -> TensorMap:
        """The inverse of ``transform_tensormap``.

        :param tensor: what to transform
        :param system_ids: which systems [n] belong to the transformations; ``None`` for 0, 1, ...
        :param add_inversion: invert it, too?
        :returns: a map with the same metadata
        :raises ValueError: as ``transform_tensormap``
        """
        return transformed_map(self._operations(add_inversion, True), tensor, system_ids)

    def transform_block(
        self,
        key: LabelsEntry,
        block: TensorBlock,
        system_ids: Optional[torch.Tensor] = None,
        add_inversion: bool = False,
    ) -> TensorBlock:
        """Transform one block, with its gradients.

        :param key: its key, with ``o3_lambda`` and ``o3_sigma`` for spherical components
        :param block: what to transform
        :param system_ids: which systems [n] belong to the transformations; ``None`` for 0, 1, ...
        :param add_inversion: invert it, too?
        :returns: a block with the same metadata
        :raises ValueError: as ``transform_tensormap``
        """
        operations = self._operations(add_inversion, False)
        return transformed_block(operations, key, block, rows_of(operations, block, system_ids))

    def inverse_transform_block(
        self,
        key: LabelsEntry,
        block: TensorBlock,
        system_ids: Optional[torch.Tensor] = None,
        add_inversion: bool = False,
    ) -> TensorBlock:
        """The inverse of ``transform_block``.

        :param key: its key, with ``o3_lambda`` and ``o3_sigma`` for spherical components
        :param block: what to transform
        :param system_ids: which systems [n] belong to the transformations; ``None`` for 0, 1, ...
        :param add_inversion: invert it, too?
        :returns: a block with the same metadata
        :raises ValueError: as ``transform_tensormap``
        """
        operations = self._operations(add_inversion, True)
        return transformed_block(operations, key, block, rows_of(operations, block, system_ids))

    def _operations(self, add_inversion: bool, inverse: bool) -> Operations:
        wigner: List[torch.Tensor] = []
        for ell in range(self._max_angular_momentum + 1):
            wigner.append(self.wigner_D_matrices(ell))
        operations = Operations(self._matrices, self._improper, wigner)
        if add_inversion:
            operations = inverted(operations)
        return inverse_of(operations) if inverse else operations


def random_transformations(
    n: int,
    max_angular_momentum: int = 0,
    *,
    device: torch.device,
    dtype: torch.dtype,
    add_inversions: bool = False,
    generator: Optional[torch.Generator] = None,
) -> O3Transformations:
    """Rotations that are uniformly distributed, and inversions of half of them.

    :param n: how many
    :param max_angular_momentum: up to which degree they can transform spherical harmonics
    :param device: where they are made
    :param dtype: torch.float32 or torch.float64
    :param add_inversions: invert each with a probability of 1/2?
    :param generator: where random numbers come from; ``None`` for torch's own
    :returns: ``n`` transformations
    :raises TypeError: if ``n`` or ``max_angular_momentum`` are no integers
    :raises ValueError: if ``n`` is not positive, ``max_angular_momentum`` is negative, or ``dtype`` is another
    """
    n = checked_integer("n", n, 1)
    if dtype not in [torch.float32, torch.float64]:
        raise ValueError(f"`dtype` must be torch.float32 or torch.float64, got {dtype}")
    # a quaternion with normally distributed parts points in all directions alike
    quaternions = torch.randn(n, 4, dtype=dtype, device=device, generator=generator)
    w, x, y, z = torch.nn.functional.normalize(quaternions, dim=1).unbind(1)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    matrices = torch.stack([torch.stack(row, dim=1) for row in rows], dim=1)
    if add_inversions:
        is_inverted = torch.randint(0, 2, (n,), device=device, generator=generator) == 0
        matrices = torch.where(is_inverted[:, None, None], -matrices, matrices)
    return O3Transformations(matrices, max_angular_momentum)
