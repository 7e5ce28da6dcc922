# SPDX-License-Identifier: BSD-3-Clause
"""Rotations and inversions of systems and tensors, and models that are averaged over them.

What is transformed follows from the names of components. Blocks without components are scalars, which do not change. ``xyz``,
or ``xyz_1`` to ``xyz_9``, are Cartesian: 3 components x, y, z become ``R @ values``. ``o3_mu``, or ``o3_mu_1`` to ``o3_mu_9``,
are spherical: the components from -l to l of real spherical harmonics, with ``o3_lambda`` (that is l) and ``o3_sigma`` of the
same number in the keys. They become ``D(R) @ values``, and under an inversion ``o3_sigma * (-1)^l`` times that.
"""

from ._symmetrized import SymmetrizedModel
from ._transformations import O3Transformations, random_transformations


__all__ = ["O3Transformations", "SymmetrizedModel", "random_transformations"]
