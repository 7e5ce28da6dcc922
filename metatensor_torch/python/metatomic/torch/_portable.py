# SPDX-License-Identifier: BSD-3-Clause
"""What stands around a model in a file: the same as in ``model.py``, with nothing but what metatomic-torch has, too.

The wrapper in ``model.py`` calls operators that only this project has. In a file it would keep the model from being loaded
by metatomic-torch, so that the file has this one; ``load_atomistic_model``, in Python and in C++, puts the fast one back.
"""

from typing import Dict, List, Optional

import torch

from metatensor_torch import Labels, TensorBlock, TensorMap

from ._accessors import Accessors
from ._classes import ModelEvaluationOptions, ModelOutput, System
from ._info import with_info


class AtomisticModel(Accessors):
    """The part of :py:class:`metatomic.torch.AtomisticModel` that is saved; only to be scripted."""

    def __init__(self, model: torch.nn.Module):
        """
        :param model: a :py:class:`metatomic.torch.AtomisticModel`
        """
        super().__init__()
        self.module = model.module
        self._metadata = model._metadata
        self._capabilities = model._capabilities
        self._model_capabilities_outputs_names = model._model_capabilities_outputs_names
        self._requested_neighbor_lists = model._requested_neighbor_lists
        self._requested_inputs = model._requested_inputs
        self._deprecated_inputs = model._deprecated_inputs
        self._model_output_names = model._model_output_names
        self._model_dtype = model._model_dtype
        self.train(model.training)

    def forward(
        self, systems: List[System], options: ModelEvaluationOptions, check_consistency: bool
    ) -> Dict[str, TensorMap]:
        requested: Dict[str, ModelOutput] = {}
        for name, output in options.outputs.items():
            requested[self._model_output_names.get(name, name)] = output

        declared = self._capabilities.outputs
        if check_consistency:
            self._check_inputs(systems, requested, options.selected_atoms)
        self._check_atomic_types(systems)
        systems = self._in_units_of_model(systems, options.length_unit)

        with torch.autograd.profiler.record_function("Model::forward"):
            computed = self.module(systems, requested, options.selected_atoms)

        if check_consistency:
            torch.ops.metatomic._check_quantities(
                systems, requested, options.selected_atoms, computed, self._capabilities.dtype, "outputs"
            )
        outputs: Dict[str, TensorMap] = {}
        for name, output in options.outputs.items():
            model_name = self._model_output_names.get(name, name)
            if model_name in computed:
                factor = torch.ops.metatomic.unit_conversion_factor(declared[model_name].unit, output.unit)
                outputs[name] = scaled_tensor(computed[model_name], factor)
        return outputs

    def _check_inputs(
        self, systems: List[System], requested: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> None:
        for name in requested.keys():
            if name not in self._capabilities.outputs:
                raise ValueError(f"this model can not compute '{name}', which was requested")
        if selected_atoms is not None and selected_atoms.names != ["system", "atom"]:
            raise ValueError(
                f"the names of `selected_atoms` must be ['system', 'atom'], got {selected_atoms.names}"
            )
        for system in systems:
            if system.positions.dtype != self._model_dtype:
                raise ValueError(
                    f"the model works with dtype {self._model_dtype}, got a system with {system.positions.dtype}"
                )
            if system.device != systems[0].device:
                raise ValueError(
                    f"all systems must be on the same device, got {system.device} and {systems[0].device}"
                )
            for request in self._requested_neighbor_lists:
                system.get_neighbor_list(request)  # an error if it is not there
            inputs: Dict[str, TensorMap] = {}
            for name in self._requested_inputs.keys():
                inputs[name] = system.get_data(name)
            torch.ops.metatomic._check_quantities(
                [system], self._requested_inputs, None, inputs, self._capabilities.dtype, "inputs"
            )

    def _check_atomic_types(self, systems: List[System]) -> None:
        for system in systems:
            present: List[int] = torch.unique(system.types).to(torch.int64).tolist()
            for atomic_type in present:
                if atomic_type not in self._capabilities.atomic_types:
                    raise ValueError(
                        f"this model does not support the atomic type '{atomic_type}' which is present in the "
                        "input systems"
                    )

    def _in_units_of_model(self, systems: List[System], length_unit: str) -> List[System]:
        lengths = torch.ops.metatomic.unit_conversion_factor(length_unit, self._capabilities.length_unit)
        converted: List[System] = []
        for system in systems:
            factors: Dict[str, float] = {}
            all_one = lengths == 1.0
            for name, request in self._requested_inputs.items():
                factors[name] = 1.0
                unit = system.get_data(name).get_info("unit") if name in system.known_data() else None
                if unit is not None:
                    factors[name] = torch.ops.metatomic.unit_conversion_factor(unit, request.unit)
                all_one = all_one and factors[name] == 1.0
            converted.append(system if all_one else scaled_system(system, lengths, factors))
        return converted


def scaled_system(system: System, lengths: float, data: Dict[str, float]) -> System:
    """All lengths multiplied by one factor, and custom data by one each if they have one."""
    scaled = System(system.types, system.positions * lengths, system.cell * lengths, system.pbc)
    for request in system.known_neighbor_lists():
        pairs = system.get_neighbor_list(request)
        vectors = TensorBlock(pairs.values * lengths, pairs.samples, pairs.components, pairs.properties)
        scaled.add_neighbor_list(request, vectors)
    for name in system.known_data():
        scaled.add_data(name, scaled_tensor(system.get_data(name), data.get(name, 1.0)))
    return scaled


def scaled_tensor(tensor: TensorMap, factor: float) -> TensorMap:
    """All values and gradients multiplied by a factor."""
    if factor == 1.0:
        return tensor
    blocks: List[TensorBlock] = []
    for block in tensor.blocks():
        scaled = TensorBlock(block.values * factor, block.samples, block.components, block.properties)
        for parameter, gradient in block.gradients():
            values = gradient.values * factor
            scaled.add_gradient(
                parameter, TensorBlock(values, gradient.samples, gradient.components, gradient.properties)
            )
        blocks.append(scaled)
    return with_info(TensorMap(tensor.keys, blocks), tensor)
