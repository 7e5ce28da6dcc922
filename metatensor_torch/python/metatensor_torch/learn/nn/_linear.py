# SPDX-License-Identifier: BSD-3-Clause
from typing import List, Optional, Union

import torch

from ..._classes import Labels
from ._arguments import are_invariant, check_keys, out_sizes, sizes_of_blocks
from ._module_map import MappedModule, ModuleMap


class Linear(MappedModule):
    """``values @ weight.T + bias`` with a :py:class:`torch.nn.Linear` for each block.

    :param in_keys: keys of the maps that are taken
    :param in_features: number of properties of each block, or of all of them
    :param out_features: number of properties of each block of the result, or of all of them
    :param out_properties: properties of each block of the result; without ``out_features``, there are as many features
    :param bias: whether there are biases
    :param device: where the parameters lie
    :param dtype: of the parameters
    :raises ValueError: if neither ``out_features`` nor ``out_properties`` are given, or a list has not one element for each key
    :raises TypeError: if an argument is of another type
    """

    def __init__(
        self,
        in_keys: Labels,
        in_features: Union[int, List[int]],
        out_features: Union[int, List[int], None] = None,
        out_properties: Optional[List[Labels]] = None,
        *,
        bias: bool = True,
        device: Optional[torch.device] = None,
        dtype: Optional[torch.dtype] = None,
    ) -> None:
        super().__init__()
        check_keys(in_keys)
        biases = [bias] * len(in_keys)
        self.module_map = linear_map(in_keys, in_features, out_features, out_properties, biases, device, dtype)


class EquivariantLinear(MappedModule):
    """A :py:class:`Linear` with biases for the invariant blocks only: it keeps how the others change with rotations.

    :param in_keys: keys of the maps that are taken
    :param in_features: number of properties of each block, or of all of them
    :param out_features: number of properties of each block of the result, or of all of them
    :param out_properties: properties of each block of the result; without ``out_features``, there are as many features
    :param invariant_keys: which keys are invariant, some of the dimensions of ``in_keys`` are enough; by default those with
        ``o3_lambda = 0`` and ``o3_sigma = 1``
    :param bias: whether the invariant blocks have a bias
    :param device: where the parameters lie
    :param dtype: of the parameters
    :raises ValueError: if neither ``out_features`` nor ``out_properties`` are given, or a list has not one element for each key
    :raises TypeError: if an argument is of another type
    :raises RuntimeError: if ``in_keys`` lacks a dimension of ``invariant_keys``
    """

    def __init__(
        self,
        in_keys: Labels,
        in_features: Union[int, List[int]],
        out_features: Union[int, List[int], None] = None,
        out_properties: Optional[List[Labels]] = None,
        invariant_keys: Optional[Labels] = None,
        *,
        bias: bool = True,
        device: Optional[torch.device] = None,
        dtype: Optional[torch.dtype] = None,
    ) -> None:
        super().__init__()
        biases = [bias and invariant for invariant in are_invariant(in_keys, invariant_keys)]
        self.module_map = linear_map(in_keys, in_features, out_features, out_properties, biases, device, dtype)


def linear_map(
    in_keys: Labels,
    in_features: Union[int, List[int]],
    out_features: Union[int, List[int], None],
    out_properties: Optional[List[Labels]],
    biases: List[bool],
    device: Optional[torch.device],
    dtype: Optional[torch.dtype],
) -> ModuleMap:
    n_in = sizes_of_blocks("in_features", in_features, len(in_keys))
    n_out = out_sizes(out_features, out_properties, len(in_keys))
    modules = [
        torch.nn.Linear(*sizes, bias=bias, device=device, dtype=dtype)
        for *sizes, bias in zip(n_in, n_out, biases, strict=True)
    ]
    return ModuleMap(in_keys, modules, out_properties)
