# SPDX-License-Identifier: BSD-3-Clause
from typing import List, Optional, Union

import torch

from ..._classes import Labels, TensorMap
from ._arguments import are_invariant, out_sizes, sizes_of_blocks
from ._module import Module
from ._module_map import ModuleMap


class EquivariantTransformation(Module):
    """Any torch modules in a way that keeps how the blocks change with rotations.

    Invariant blocks become ``module(values)``, the others ``values * module(norms)``, where ``norms [n_samples, 1, n_properties]``
    are the norms of the values over the components. For those, the number of properties can't change.

    :param modules: one module for each key, for values ``[..., in_features]``
    :param in_keys: keys of the maps that are taken
    :param in_features: number of properties of each block, or of all of them
    :param out_features: number of properties of each block of the result, or of all of them
    :param out_properties: properties of each block of the result, as for :py:class:`ModuleMap`
    :param invariant_keys: which keys are invariant, some of the dimensions of ``in_keys`` are enough; by default those with
        ``o3_lambda = 0`` and ``o3_sigma = 1``
    :raises ValueError: if neither ``out_features`` nor ``out_properties`` are given, or a list, also ``modules``, has not one
        element for each key
    :raises TypeError: if an argument is of another type
    :raises RuntimeError: if ``in_keys`` lacks a dimension of ``invariant_keys``
    """

    def __init__(
        self,
        modules: List[torch.nn.Module],
        in_keys: Labels,
        in_features: Union[int, List[int]],
        out_features: Union[int, List[int], None] = None,
        out_properties: Optional[List[Labels]] = None,
        invariant_keys: Optional[Labels] = None,
    ) -> None:
        super().__init__()
        invariant = are_invariant(in_keys, invariant_keys)
        sizes_of_blocks("in_features", in_features, len(in_keys))
        out_sizes(out_features, out_properties, len(in_keys))
        if len(modules) != len(in_keys):
            raise ValueError(f"there must be one module for each of the {len(in_keys)} keys, got {len(modules)}")
        wrapped = [m if keeps else _CovariantTransform(m) for m, keeps in zip(modules, invariant, strict=True)]
        self.module_map = ModuleMap(in_keys, wrapped, out_properties)

    def forward(self, tensor: TensorMap) -> TensorMap:
        """The result for ``tensor``; errors as for :py:meth:`ModuleMap.forward`.

        :raises ValueError: if a block that is not invariant has not one axis of components
        """
        return self.module_map(tensor)


class _CovariantTransform(Module):
    """``values * module(norms)`` of values ``[n_samples, n_components, n_properties]``."""

    def __init__(self, module: torch.nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        if values.dim() != 3:
            raise ValueError(
                "blocks that are not invariant must have values of shape [n_samples, n_components, n_properties], "
                f"got {values.shape}"
            )
        factors = self.module(torch.linalg.vector_norm(values, dim=1, keepdim=True))
        return values.to(factors.dtype) * factors  # under autocast, as the invariant blocks: a map has one dtype
