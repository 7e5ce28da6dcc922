# SPDX-License-Identifier: BSD-3-Clause
from typing import Any, List

import torch

from ..._classes import Labels
from ._arguments import check_keys
from ._module import Module
from ._module_map import MappedModule, ModuleMap


class Sequential(MappedModule):
    """Several modules one after the other, for each block without making maps in between.

    The properties of the result are those of the last module.

    :param in_keys: keys of the maps that are taken
    :param args: the modules, such as :py:class:`Linear` and :py:class:`ReLU`, or :py:class:`ModuleMap`; each has all of
        ``in_keys``
    :raises TypeError: if a module is another one
    :raises ValueError: if there is no module, or one lacks a key
    """

    def __init__(self, in_keys: Labels, *args: Module) -> None:
        super().__init__()
        check_keys(in_keys)
        if len(args) == 0:
            raise ValueError("Sequential needs one module at least")
        maps = [_map_of(module) for module in args]
        places = [_places(map, in_keys) for map in maps]
        modules: List[torch.nn.Module] = [
            torch.nn.Sequential(*(map.module_list[place[i]] for map, place in zip(maps, places, strict=True)))
            for i in range(len(in_keys))
        ]
        properties = maps[-1]._out_properties
        if properties is not None:
            properties = [properties[place] for place in places[-1]]
        self.module_map = ModuleMap(in_keys, modules, properties)


def _map_of(module: Any) -> ModuleMap:
    found = module if isinstance(module, ModuleMap) else getattr(module, "module_map", None)
    if not isinstance(found, ModuleMap):
        raise TypeError(
            f"Sequential takes modules of metatensor.torch.learn.nn with one module for each block, got {type(module).__name__}"
        )
    return found


def _places(map: ModuleMap, in_keys: Labels) -> List[int]:
    """Where the module of each key stands in ``map``."""
    try:
        places = map._places(in_keys)  # for each module the key
    except KeyError as error:
        raise ValueError(f"a module of Sequential lacks one of its keys: {error.args[0]}") from None
    result = [0] * len(in_keys)
    for module, key in enumerate(places):
        if key >= 0:
            result[key] = module
    return result
