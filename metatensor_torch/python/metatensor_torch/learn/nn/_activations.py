# SPDX-License-Identifier: BSD-3-Clause
"""Functions of each value."""

from typing import Callable, List, Optional, Union

import torch

from ..._classes import Labels
from ._arguments import are_invariant, check_keys
from ._module_map import MappedModule, ModuleMap


class ReLU(MappedModule):
    """``max(x, 0)`` of each value ``x``, by a :py:class:`torch.nn.ReLU` for each block.

    :param in_keys: keys of the maps that are taken
    :param out_properties: properties of each block of the result, or of all of them; as for :py:class:`ModuleMap`
    :param in_place: whether the values of the map itself are changed
    :raises ValueError: if there are not as many ``out_properties`` as keys
    :raises TypeError: if an argument is of another type
    """

    def __init__(
        self,
        in_keys: Labels,
        out_properties: Union[Labels, List[Labels], None] = None,
        *,
        in_place: bool = False,
    ) -> None:
        super().__init__()
        check_keys(in_keys)
        self.module_map = _function_map(in_keys, lambda: torch.nn.ReLU(inplace=in_place), [True] * len(in_keys), out_properties)


class InvariantReLU(MappedModule):
    """``max(x, 0)`` of each value ``x`` of the invariant blocks; the others stay as they are.

    :param in_keys: keys of the maps that are taken
    :param out_properties: properties of each block of the result, or of all of them; as for :py:class:`ModuleMap`
    :param invariant_keys: which keys are invariant, some of the dimensions of ``in_keys`` are enough; by default those with
        ``o3_lambda = 0`` and ``o3_sigma = 1``
    :param in_place: whether the values of the map itself are changed
    :raises ValueError: if there are not as many ``out_properties`` as keys
    :raises TypeError: if an argument is of another type
    :raises RuntimeError: if ``in_keys`` lacks a dimension of ``invariant_keys``
    """

    def __init__(
        self,
        in_keys: Labels,
        out_properties: Union[Labels, List[Labels], None] = None,
        invariant_keys: Optional[Labels] = None,
        *,
        in_place: bool = False,
    ) -> None:
        super().__init__()
        chosen = are_invariant(in_keys, invariant_keys)
        self.module_map = _function_map(in_keys, lambda: torch.nn.ReLU(inplace=in_place), chosen, out_properties)


class SiLU(MappedModule):
    """``x / (1 + exp(-x))`` of each value ``x``, by a :py:class:`torch.nn.SiLU` for each block.

    :param in_keys: keys of the maps that are taken
    :param out_properties: properties of each block of the result, or of all of them; as for :py:class:`ModuleMap`
    :param in_place: whether the values of the map itself are changed
    :raises ValueError: if there are not as many ``out_properties`` as keys
    :raises TypeError: if an argument is of another type
    """

    def __init__(
        self,
        in_keys: Labels,
        out_properties: Union[Labels, List[Labels], None] = None,
        *,
        in_place: bool = False,
    ) -> None:
        super().__init__()
        check_keys(in_keys)
        self.module_map = _function_map(in_keys, lambda: torch.nn.SiLU(inplace=in_place), [True] * len(in_keys), out_properties)


class InvariantSiLU(MappedModule):
    """``x / (1 + exp(-x))`` of each value ``x`` of the invariant blocks; the others stay as they are.

    :param in_keys: keys of the maps that are taken
    :param out_properties: properties of each block of the result, or of all of them; as for :py:class:`ModuleMap`
    :param invariant_keys: which keys are invariant, some of the dimensions of ``in_keys`` are enough; by default those with
        ``o3_lambda = 0`` and ``o3_sigma = 1``
    :param in_place: whether the values of the map itself are changed
    :raises ValueError: if there are not as many ``out_properties`` as keys
    :raises TypeError: if an argument is of another type
    :raises RuntimeError: if ``in_keys`` lacks a dimension of ``invariant_keys``
    """

    def __init__(
        self,
        in_keys: Labels,
        out_properties: Union[Labels, List[Labels], None] = None,
        invariant_keys: Optional[Labels] = None,
        *,
        in_place: bool = False,
    ) -> None:
        super().__init__()
        chosen = are_invariant(in_keys, invariant_keys)
        self.module_map = _function_map(in_keys, lambda: torch.nn.SiLU(inplace=in_place), chosen, out_properties)


class Tanh(MappedModule):
    """``tanh(x)`` of each value ``x``, by a :py:class:`torch.nn.Tanh` for each block.

    :param in_keys: keys of the maps that are taken
    :param out_properties: properties of each block of the result, or of all of them; as for :py:class:`ModuleMap`
    :raises ValueError: if there are not as many ``out_properties`` as keys
    :raises TypeError: if an argument is of another type
    """

    def __init__(
        self,
        in_keys: Labels,
        out_properties: Union[Labels, List[Labels], None] = None,
    ) -> None:
        super().__init__()
        check_keys(in_keys)
        self.module_map = _function_map(in_keys, torch.nn.Tanh, [True] * len(in_keys), out_properties)


class InvariantTanh(MappedModule):
    """``tanh(x)`` of each value ``x`` of the invariant blocks; the others stay as they are.

    :param in_keys: keys of the maps that are taken
    :param out_properties: properties of each block of the result, or of all of them; as for :py:class:`ModuleMap`
    :param invariant_keys: which keys are invariant, some of the dimensions of ``in_keys`` are enough; by default those with
        ``o3_lambda = 0`` and ``o3_sigma = 1``
    :raises ValueError: if there are not as many ``out_properties`` as keys
    :raises TypeError: if an argument is of another type
    :raises RuntimeError: if ``in_keys`` lacks a dimension of ``invariant_keys``
    """

    def __init__(
        self,
        in_keys: Labels,
        out_properties: Union[Labels, List[Labels], None] = None,
        invariant_keys: Optional[Labels] = None,
    ) -> None:
        super().__init__()
        chosen = are_invariant(in_keys, invariant_keys)
        self.module_map = _function_map(in_keys, torch.nn.Tanh, chosen, out_properties)


def _function_map(
    in_keys: Labels,
    make_module: Callable[[], torch.nn.Module],
    chosen: List[bool],
    out_properties: Union[Labels, List[Labels], None],
) -> ModuleMap:
    """With the function for the chosen keys, and nothing done for the others."""
    return ModuleMap(in_keys, [make_module() if used else torch.nn.Identity() for used in chosen], out_properties)
