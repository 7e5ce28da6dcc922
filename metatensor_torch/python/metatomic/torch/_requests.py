# SPDX-License-Identifier: BSD-3-Clause
"""What a model and its submodules ask of the engine, and the names that changed."""

import warnings
from typing import Any, Dict, Iterator, List, Tuple

import torch

from ._classes import ModelOutput, NeighborListOptions


# Engines and models from before the names became singular still use the plural.
CURRENT_NAMES = {
    "charges": "charge",
    "features": "feature",
    "masses": "mass",
    "momenta": "momentum",
    "non_conservative_forces": "non_conservative_force",
    "positions": "position",
    "velocities": "velocity",
}
DEPRECATED_NAMES = {current: deprecated for deprecated, current in CURRENT_NAMES.items()}


def translate_name(name: str, table: Dict[str, str]) -> str:
    """``name`` with its quantity looked up in the table, and its variant (``quantity/variant``) kept."""
    quantity, slash, variant = name.partition("/")
    return table.get(quantity, quantity) + slash + variant


def submodules_with(module: torch.nn.Module, method: str) -> Iterator[Tuple[str, torch.nn.Module]]:
    """The module and all modules inside of it that have ``method``, with names like ``Model.first.second``."""
    root = getattr(module, "original_name", type(module).__name__)
    if root == "AtomisticModel":  # has collected from what is inside already
        yield "", module
        return
    for path, submodule in module.named_modules():
        if getattr(submodule, method, None) is None:
            continue
        name = f"{root}.{path}" if path else root
        if not callable(getattr(submodule, method)):
            raise TypeError(f"`{name}.{method}` must be a method, got {type(getattr(submodule, method)).__name__}")
        yield name, submodule


def collect_neighbor_lists(module: torch.nn.Module, length_unit: str) -> List[NeighborListOptions]:
    """One request for all equal ones of the module and what it contains, with all who made it."""
    collected: List[NeighborListOptions] = []
    for name, submodule in submodules_with(module, "requested_neighbor_lists"):
        for request in _returned_neighbor_lists(name, submodule):
            if request.length_unit not in ["", length_unit]:
                raise ValueError(
                    f"`{name}` requests a neighbor list in '{request.length_unit}', but "
                    f"`capabilities.length_unit` is '{length_unit}'"
                )
            merged = next((other for other in collected if other == request), None)
            if merged is None:
                merged = NeighborListOptions(request.cutoff, request.full_list, request.strict)
                merged.length_unit = length_unit
                collected.append(merged)
            for requestor in request.requestors() + [name]:
                merged.add_requestor(requestor)
    return collected


def _returned_neighbor_lists(name: str, module: torch.nn.Module) -> List[NeighborListOptions]:
    requests = module.requested_neighbor_lists()
    if not isinstance(requests, (list, tuple)):
        raise TypeError(
            f"`requested_neighbor_lists()` of `{name}` must return a list of NeighborListOptions, "
            f"got {type_name(requests)}"
        )
    for request in requests:
        if type_name(request) != "NeighborListOptions":
            raise TypeError(
                f"`requested_neighbor_lists()` of `{name}` must return a list of NeighborListOptions, "
                f"got {type_name(request)} in it"
            )
    return list(requests)


def inputs_of_atomistic_model(model: torch.nn.Module) -> Dict[str, ModelOutput]:
    """What an atomistic model asks for, under current names; models of early versions know the old ones only."""
    if not hasattr(model, "requested_inputs"):
        return {}
    if isinstance(model, torch.jit.ScriptModule):
        schema = model._c._get_method("requested_inputs").schema
        if len(schema.arguments) == 1:  # self
            inputs = model.requested_inputs()
            return {translate_name(name, CURRENT_NAMES): request for name, request in inputs.items()}
    return model.requested_inputs(use_new_names=True)


def collect_inputs(module: torch.nn.Module) -> Dict[str, ModelOutput]:
    """All data that the module and what it contains ask for, under their current names."""
    collected: Dict[str, ModelOutput] = {}
    requestors: Dict[str, str] = {}
    for name, submodule in submodules_with(module, "requested_inputs"):
        asked_names: Dict[str, str] = {}
        for asked_name, request in _returned_inputs(name, submodule).items():
            input_name = translate_name(asked_name, CURRENT_NAMES)
            if input_name != asked_name:
                warnings.warn(
                    f"`{name}` requests the input '{asked_name}', which is now called '{input_name}'",
                    stacklevel=4,
                )
            if input_name in asked_names:
                raise ValueError(
                    f"`{name}` requests both '{asked_names[input_name]}' and '{asked_name}', which are the same input"
                )
            asked_names[input_name] = asked_name
            if input_name not in collected:
                collected[input_name] = request
                requestors[input_name] = name
                continue
            first = collected[input_name]
            for attribute in ["unit", "sample_kind"]:
                values = [getattr(first, attribute), getattr(request, attribute)]
                if values[0] != values[1]:
                    raise NotImplementedError(
                        f"the input '{input_name}' is requested with {attribute} '{values[0]}' by "
                        f"`{requestors[input_name]}` and with {attribute} '{values[1]}' by `{name}`; "
                        "there can be only one"
                    )
    return collected


def _returned_inputs(name: str, module: torch.nn.Module) -> Dict[str, ModelOutput]:
    requests = module.requested_inputs()
    check_outputs(f"what `requested_inputs()` of `{name}` returns", requests)
    return requests


def check_outputs(what: str, outputs: Any) -> None:
    """Raise a TypeError if ``outputs`` is no dict of ModelOutput by name."""
    if not isinstance(outputs, dict):
        raise TypeError(f"{what} must be a dict of ModelOutput by name, got {type_name(outputs)}")
    for key, output in outputs.items():
        if not isinstance(key, str):
            raise TypeError(f"{what} must be a dict of ModelOutput by name, got the name {key!r}")
        if type_name(output) != "ModelOutput":
            raise TypeError(f"{what} must be a dict of ModelOutput by name, got {type_name(output)} as '{key}'")


def type_name(value: Any) -> str:
    """The name of a type, without its module; also of objects of TorchScript."""
    if isinstance(value, torch.ScriptObject):
        return value._type().name()
    return type(value).__name__
