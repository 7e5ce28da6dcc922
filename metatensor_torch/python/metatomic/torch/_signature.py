# SPDX-License-Identifier: BSD-3-Clause
"""Checks that the ``forward`` of a model is what engines call."""

import inspect
import typing
from typing import Dict, List, Optional, Tuple

import torch
from torch._sources import fake_range
from torch.jit.annotations import try_ann_to_type

from metatensor_torch import Labels, TensorMap

from ._classes import ModelOutput, System


EXPECTED = (
    "forward(self, systems: List[System], outputs: Dict[str, ModelOutput], "
    "selected_atoms: Optional[Labels]) -> Dict[str, TensorMap]"
)
_ARGUMENTS = {
    "systems": List[System],
    "outputs": Dict[str, ModelOutput],
    "selected_atoms": Optional[Labels],
}


def check_forward(module: torch.nn.Module) -> None:
    """Raise a TypeError if ``module.forward`` has other arguments, or other types, than it should."""
    arguments, returned = _scripted_types(module) or _annotated_types(module)
    if list(arguments) != list(_ARGUMENTS):
        raise TypeError(
            f"`module.forward` must have the signature `{EXPECTED}`, "
            f"got the arguments ({', '.join(arguments) or 'none'})"
        )
    for name, annotation in _ARGUMENTS.items():
        if arguments[name] != _type_text(annotation):
            raise TypeError(
                f"`{name}` in `module.forward` must be annotated as {_short(_type_text(annotation))}, "
                f"got {_short(arguments[name])}"
            )
    if returned != _type_text(Dict[str, TensorMap]):
        raise TypeError(f"`module.forward` must return Dict[str, TensorMap], got {_short(returned)}")


def _scripted_types(module: torch.nn.Module) -> Optional[Tuple[Dict[str, str], str]]:
    if not isinstance(module, torch.jit.ScriptModule):
        return None
    schema = module._c._get_method("forward").schema
    arguments = {argument.name: argument.type.annotation_str for argument in schema.arguments[1:]}
    return arguments, schema.returns[0].type.annotation_str


def _annotated_types(module: torch.nn.Module) -> Tuple[Dict[str, str], str]:
    try:
        hints = typing.get_type_hints(module.forward)
    except NameError as error:
        raise TypeError(f"the annotations of `module.forward` can not be resolved: {error}") from error
    names = inspect.signature(module.forward).parameters
    for parameter in names.values():
        if parameter.kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD:
            raise TypeError(
                f"`{parameter.name}` in `module.forward` must be a plain argument, not {parameter.kind.description}"
            )
    arguments = {name: _type_text(hints.get(name, inspect.Parameter.empty)) for name in names}
    return arguments, _type_text(hints.get("return", inspect.Parameter.empty))


def _type_text(annotation) -> str:
    """How TorchScript writes a type, so that two ways to say the same are equal."""
    if annotation is inspect.Parameter.empty:
        return "no annotation"
    try:
        known = try_ann_to_type(annotation, fake_range())
    except RuntimeError:  # for example a List of nothing
        known = None
    return known.annotation_str if known is not None else str(annotation)


def _short(type_text: str) -> str:
    for prefix in ["__torch__.torch.classes.metatensor.", "__torch__.torch.classes.metatomic."]:
        type_text = type_text.replace(prefix, "")
    return type_text
