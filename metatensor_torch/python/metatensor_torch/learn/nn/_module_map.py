# SPDX-License-Identifier: BSD-3-Clause
import copy
from typing import Dict, List, Optional

import torch

from ..._classes import Labels, TensorBlock, TensorMap
from ._arguments import check_keys, properties_of_blocks
from ._module import Module


class ModuleMap(Module):
    """A torch module for each block of a map: block ``i`` of the result has the values ``modules[i](block.values)``.

    A module gets values ``[n_samples, ..., n_properties]`` and may change the size of the last axis only.

    :param in_keys: keys of the maps that are taken, one for each module
    :param modules: the modules; their parameters are ``module_list.<i>.<name>`` in the state dict
    :param out_properties: properties of each block of the result; without them, these have one dimension ``_`` with
        the numbers from 0
    :raises ValueError: if the numbers of keys, ``modules`` and ``out_properties`` are not the same
    :raises TypeError: if an argument is of another type

    .. code-block:: python

        keys = Labels(["o3_lambda"], torch.tensor([[0], [1]]))
        module = ModuleMap(keys, [torch.nn.Linear(8, 4), torch.nn.Linear(8, 4, bias=False)])
    """

    _in_keys: Labels
    _out_properties: Optional[List[Labels]]

    def __init__(
        self, in_keys: Labels, modules: List[torch.nn.Module], out_properties: Optional[List[Labels]] = None
    ) -> None:
        super().__init__()
        check_keys(in_keys)
        if len(in_keys) != len(modules):
            raise ValueError(f"there must be one module for each of the {len(in_keys)} keys, got {len(modules)}")
        if out_properties is not None:
            out_properties = properties_of_blocks(out_properties, len(in_keys))
        self.register_buffer("_in_keys", in_keys)
        self.register_buffer("_out_properties", out_properties)
        self.module_list = torch.nn.ModuleList(modules)

    @classmethod
    def from_module(
        cls, in_keys: Labels, module: torch.nn.Module, out_properties: Optional[List[Labels]] = None
    ) -> "ModuleMap":
        """A copy of one module for each block, with parameters of its own that start from the same values.

        :param in_keys: keys of the maps that are taken
        :param module: what is copied; it is not changed itself
        :param out_properties: properties of each block of the result
        :raises ValueError: if the number of ``out_properties`` is not that of the keys
        :raises TypeError: if an argument is of another type
        """
        check_keys(in_keys)
        return cls(in_keys, [copy.deepcopy(module) for _ in range(len(in_keys))], out_properties)

    @property
    def in_keys(self) -> Labels:
        """Keys of the maps that are taken."""
        return self._in_keys

    @property
    def out_properties(self) -> Optional[List[Labels]]:
        """Properties of each block of the result, ``None`` if they are numbered."""
        return self._out_properties

    def forward(self, tensor: TensorMap) -> TensorMap:
        """The map with the same keys, samples and components as ``tensor``, and the values of the modules.

        :param tensor: a map with some or all of the keys in ``in_keys``, in any order. The names of the keys don't matter.
            It can be empty.
        :raises KeyError: if there is no module for a key
        :raises ValueError: if a block has gradients: see :py:func:`metatensor.torch.remove_gradients`
        :raises RuntimeError: if the result of a module has another shape than the samples, components and properties
        """
        places = self._places(tensor.keys)
        blocks = tensor.blocks()
        out_properties = self._out_properties
        numbers: Dict[int, Labels] = {}
        for i, module in enumerate(self.module_list):
            place = places[i]
            if place >= 0:
                block = blocks[place]
                if len(block.gradients_list()) > 0:
                    raise ValueError(
                        "a block with gradients can't go through a module, call metatensor.torch.remove_gradients() before"
                    )
                values = module(block.values)
                if out_properties is not None:
                    properties = out_properties[i]
                else:
                    n_properties = values.size(-1)
                    if n_properties not in numbers:
                        # torch can not save a module that calls a static method, such as Labels.range
                        rows = torch.arange(n_properties, dtype=torch.int32, device=block.properties.device)
                        numbers[n_properties] = Labels(["_"], rows.reshape(-1, 1), assume_unique=True)
                    properties = numbers[n_properties]
                blocks[place] = TensorBlock(values, block.samples, block.components, properties)
        return TensorMap(tensor.keys, blocks)

    def _places(self, keys: Labels) -> List[int]:
        """For each module the place of its block, -1 if there is none."""
        n_modules = len(self._in_keys)
        if keys == self._in_keys:
            return list(range(n_modules))
        places = [-1] * n_modules
        for place in range(len(keys)):
            key = keys.entry(place)
            position: Optional[int] = None
            if len(key.names) == len(self._in_keys.names):
                position = self._in_keys.position(key.values)
            if position is None:
                raise KeyError(f"there is no module for the key {key}")
            places[position] = place
        return places


class MappedModule(Module):
    """Applies its ``module_map``: what modules have in common that are a :py:class:`ModuleMap` of modules they choose."""

    def forward(self, tensor: TensorMap) -> TensorMap:
        """The result for ``tensor``; errors as for :py:meth:`ModuleMap.forward`."""
        return self.module_map(tensor)
