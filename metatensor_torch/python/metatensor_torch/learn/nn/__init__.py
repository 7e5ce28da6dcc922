# SPDX-License-Identifier: BSD-3-Clause
"""Neural networks on maps: :py:class:`torch.nn.Module` with labels, blocks and maps as buffers, and one torch module for each block.

All modules can be scripted, and differentiated with respect to the values of the map and to their parameters. They keep the
keys, samples and components of a map; its info is not kept.
"""

from ._activations import InvariantReLU, InvariantSiLU, InvariantTanh, ReLU, SiLU, Tanh
from ._equivariant import EquivariantTransformation
from ._layer_norm import InvariantLayerNorm, LayerNorm
from ._linear import EquivariantLinear, Linear
from ._module import Buffer, Module
from ._module_map import ModuleMap
from ._sequential import Sequential


__all__ = [
    "Buffer",
    "EquivariantLinear",
    "EquivariantTransformation",
    "InvariantLayerNorm",
    "InvariantReLU",
    "InvariantSiLU",
    "InvariantTanh",
    "LayerNorm",
    "Linear",
    "Module",
    "ModuleMap",
    "ReLU",
    "Sequential",
    "SiLU",
    "Tanh",
]
