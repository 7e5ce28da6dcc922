# SPDX-License-Identifier: BSD-3-Clause
"""Export and loading of atomistic models."""

import copy
import datetime
import json
import math
import os
import platform
import warnings
from typing import BinaryIO, Dict, List, Optional, Union

import torch

from metatensor_torch import Labels, TensorMap

from . import _extensions, _legacy, _operators, _portable
from ._accessors import Accessors
from ._classes import (
    ModelCapabilities,
    ModelEvaluationOptions,
    ModelMetadata,
    ModelOutput,
    NeighborListOptions,
    System,
    check_atomistic_model,
    load_model_extensions,
    version,
)
from ._requests import (
    CURRENT_NAMES,
    DEPRECATED_NAMES,
    collect_inputs,
    collect_neighbor_lists,
    inputs_of_atomistic_model,
    translate_name,
    type_name,
)
from ._signature import check_forward


class ModelInterface(torch.nn.Module):
    """What a model has to have to be wrapped in :py:class:`AtomisticModel`; it need not inherit from this."""

    def forward(
        self,
        systems: List[System],
        outputs: Dict[str, ModelOutput],
        selected_atoms: Optional[Labels],
    ) -> Dict[str, TensorMap]:
        """Compute the requested outputs.

        :param systems: atoms in the units of the model, with the neighbor lists and data it asked for
        :param outputs: what to compute; units are not the model's business, they are converted afterwards
        :param selected_atoms: the only atoms [n_selected] that outputs speak of, with names ``system`` and
            ``atom``; ``None`` for all atoms
        :returns: the outputs under the names they were requested with
        :raises RuntimeError: or any other, if the systems can not be computed; engines stop with its text
        """
        raise NotImplementedError("`forward` is for the model to define")

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        """The neighbor lists that the model needs (optional; submodules can ask for more)."""
        return []

    def requested_inputs(self) -> Dict[str, ModelOutput]:
        """The data that the model needs in each system (optional; submodules can ask for more)."""
        return {}


class AtomisticModel(Accessors):
    """A model with all that an engine has to know to run it; saved with :py:meth:`save`.

    Around the model's own ``forward`` it checks what goes in and out, and converts units.
    """

    def __init__(self, module: ModelInterface, metadata: ModelMetadata, capabilities: ModelCapabilities):
        """
        :param module: the model, in evaluation mode, see :py:class:`ModelInterface`; its parameters will not
            require gradients any more
        :param metadata: who made the model, and how to cite it
        :param capabilities: what the model can do; all but ``length_unit`` has to be set
        :raises TypeError: if an argument is something else, ``forward`` of ``module`` has other arguments or types than
            :py:meth:`ModelInterface.forward`, or what it requests is no list of NeighborListOptions or dict of ModelOutput
        :raises ValueError: if ``module`` is in training mode, ``capabilities`` lack something, or neighbor lists are
            requested in another unit of length
        :raises NotImplementedError: if two submodules request the same input differently
        """
        super().__init__()
        if not isinstance(module, torch.nn.Module):
            raise TypeError(f"`module` must be a torch.nn.Module, got {type(module).__name__}")
        if module.training:
            raise ValueError("`module` must not be in training mode, call `module.eval()` first")
        for name, value, expected in [
            ("metadata", metadata, "ModelMetadata"),
            ("capabilities", capabilities, "ModelCapabilities"),
        ]:
            if type_name(value) != expected:
                raise TypeError(f"`{name}` must be {expected}, got {type_name(value)}")
        _check_capabilities(capabilities)

        self._requested_neighbor_lists = collect_neighbor_lists(module, capabilities.length_unit)
        output_names = list(capabilities.outputs)
        if is_atomistic_model(module):
            self._requested_inputs = inputs_of_atomistic_model(module)
            output_names = _names_of_module(output_names, module)
            module = module.module
        else:
            self._requested_inputs = collect_inputs(module)
        self._deprecated_inputs = {
            translate_name(name, DEPRECATED_NAMES): request
            for name, request in self._requested_inputs.items()
        }
        check_forward(module)

        for parameter in module.parameters():
            parameter.requires_grad_(False)
        self.module = module
        self._metadata = metadata
        self._model_capabilities_outputs_names = output_names
        self._model_output_names = _other_output_names(output_names)
        self._capabilities = _with_all_names(capabilities, self._model_output_names)
        self._model_dtype = getattr(torch, capabilities.dtype)
        self.eval()

    def forward(
        self,
        systems: List[System],
        options: ModelEvaluationOptions,
        check_consistency: bool,
    ) -> Dict[str, TensorMap]:
        """Run the model on systems of an engine.

        :param systems: atoms with lengths in ``options.length_unit``, and what the model requested
        :param options: which outputs are wanted, in which units, for which atoms
        :param check_consistency: check all inputs and outputs (slow); types of atoms are always checked
        :returns: the outputs that were asked for, in the units that were asked for
        :raises ValueError: for types of atoms that the model does not know, units that can not be converted, and
            whatever a check finds
        """
        requested = self._in_names_of_model(options.outputs)
        if check_consistency:
            _operators.check_inputs(
                systems,
                self._capabilities,
                self._requested_neighbor_lists,
                self._requested_inputs,
                ModelEvaluationOptions(options.length_unit, requested, options.selected_atoms),
            )
        _operators.check_atomic_types(systems, self._capabilities.atomic_types)
        systems = _operators.convert_systems_units(
            systems,
            self._requested_inputs,
            self._capabilities.length_unit,
            options.length_unit,
        )

        with torch.autograd.profiler.record_function("Model::forward"):
            outputs = self.module(systems, requested, options.selected_atoms)

        if check_consistency:
            _operators.check_quantities(
                systems, requested, options.selected_atoms, outputs, self._capabilities.dtype, "outputs"
            )
        outputs = _operators.convert_outputs_units(outputs, self._capabilities.outputs, requested)
        return self._in_names_of_engine(outputs, options.outputs)

    def _in_names_of_model(self, requested: Dict[str, ModelOutput]) -> Dict[str, ModelOutput]:
        if len(self._model_output_names) == 0:
            return requested
        renamed: Dict[str, ModelOutput] = {}
        for name, output in requested.items():
            renamed[self._model_output_names.get(name, name)] = output
        return renamed

    def _in_names_of_engine(
        self, outputs: Dict[str, TensorMap], requested: Dict[str, ModelOutput]
    ) -> Dict[str, TensorMap]:
        if len(self._model_output_names) == 0:
            return outputs
        renamed: Dict[str, TensorMap] = {}
        for name in requested.keys():
            model_name = self._model_output_names.get(name, name)
            if model_name in outputs:
                renamed[name] = outputs[model_name]
        return renamed

    def save(self, file: Union[str, os.PathLike, BinaryIO], collect_extensions: Optional[Union[str, os.PathLike]] = None) -> None:
        """Script the model and write it to a file that engines can load.

        The file can be loaded by metatomic-torch, too, unless the code of the model itself calls an operation of
        ``metatensor.torch``: there, these are no operators.

        :param file: name of the file, usually ``*.pt``, or a file object that is open for writing bytes
        :param collect_extensions: directory to which to copy the TorchScript extensions that are loaded now,
            which the model might need, and the libraries of Python packages that these are linked to; an engine can be
            told to look for them there
        :raises ValueError: for a model in training mode
        :raises RuntimeError: if the model can not be scripted, or the file not be written
        """
        if self.training:
            raise ValueError("a model in training mode can not be saved, call `.eval()` first")
        tensors = [*self.parameters(), *self.buffers()]
        on_cpu = all(tensor.device.type == "cpu" for tensor in tensors)
        model = self if on_cpu else copy.deepcopy(self).to("cpu")
        torch.jit.save(
            torch.jit.script(_portable.AtomisticModel(model)),
            os.fspath(file) if isinstance(file, (str, os.PathLike)) else file,
            _extra_files=_extra_files(self._metadata, collect_extensions),
        )

    def export(self, file: Union[str, os.PathLike, BinaryIO], collect_extensions: Optional[Union[str, os.PathLike]] = None) -> None:
        """Older name of :py:meth:`save`.

        :param file: name of the file, or a file object
        :param collect_extensions: directory to which to copy the TorchScript extensions
        :raises ValueError: for a model in training mode
        :raises RuntimeError: if the model can not be scripted, or the file not be written
        """
        warnings.warn("`export()` is deprecated, use `save()`", DeprecationWarning, stacklevel=2)
        self.save(file, collect_extensions)


def is_atomistic_model(module: torch.nn.Module) -> bool:
    """Is ``module`` an :py:class:`AtomisticModel`, or one that was scripted or loaded?

    :raises TypeError: if it is no module
    """
    if not isinstance(module, torch.nn.Module):
        raise TypeError(f"`module` must be a torch.nn.Module, got {type(module).__name__}")
    if isinstance(module, torch.jit.RecursiveScriptModule):
        return module.original_name == "AtomisticModel"
    return isinstance(module, AtomisticModel)


def load_atomistic_model(
    path: Union[str, os.PathLike], extensions_directory: Optional[Union[str, os.PathLike]] = None
) -> AtomisticModel:
    """Load a model that was saved with :py:meth:`AtomisticModel.save`, to CPU.

    Models that were saved before May 2025, by ``MetatensorAtomisticModel``, are loaded too; what is returned has the
    interface of today, and can be saved again.

    :param path: name of the file
    :param extensions_directory: where to look first for the TorchScript extensions that the model needs
    :raises ValueError: if the file is not there, not a TorchScript file, or not an atomistic model
    :raises RuntimeError: if TorchScript can not load it, with a hint where extensions are missing
    """
    path = os.fspath(path)
    load_model_extensions(path, None if extensions_directory is None else os.fspath(extensions_directory))
    check_atomistic_model(path)
    try:
        loaded = _legacy.load_module(path)
    except RuntimeError as error:
        unknown = ["Unknown type name '__torch__.torch.classes.", "Unknown builtin op"]
        if any(text in str(error) for text in unknown):
            raise RuntimeError(
                f"{error}\nThe model in '{path}' needs a TorchScript extension that is not loaded; import it, "
                "or give the directory where it lies as `extensions_directory`"
            ) from error
        raise
    if _legacy.is_legacy_model(loaded):
        module = _legacy.LegacyModel(loaded).eval()
        return AtomisticModel(module, _legacy.metadata_of(loaded), _legacy.capabilities_of(loaded))
    return AtomisticModel(loaded, loaded.metadata(), loaded.capabilities())


def _check_capabilities(capabilities: ModelCapabilities) -> None:
    interaction_range = capabilities.interaction_range
    if interaction_range == -1.0:
        raise ValueError("`capabilities.interaction_range` is not set, but engines need it")
    if math.isnan(interaction_range) or interaction_range < 0:
        raise ValueError(
            f"`capabilities.interaction_range` must be 0 or more (or infinite), got {interaction_range}"
        )
    for name in ["supported_devices", "dtype"]:
        if len(getattr(capabilities, name)) == 0:
            raise ValueError(f"`capabilities.{name}` is not set, but engines need it")


def _names_of_module(names: List[str], model: torch.nn.Module) -> List[str]:
    """Those of the names of outputs under which the module inside of an atomistic model knows them."""
    own_names = list(getattr(model, "_model_capabilities_outputs_names", names))
    other_names = _other_output_names(own_names)
    return list(dict.fromkeys(other_names.get(name, name) for name in names))


def _other_output_names(model_names: List[str]) -> Dict[str, str]:
    """What the model calls outputs that engines may know under another name, the old or the current one."""
    names = {}
    for model_name in model_names:
        for table in [CURRENT_NAMES, DEPRECATED_NAMES]:
            name = translate_name(model_name, table)
            if name not in model_names:
                names[name] = model_name
    return names


def _with_all_names(capabilities: ModelCapabilities, other_names: Dict[str, str]) -> ModelCapabilities:
    """The same capabilities, where outputs can be looked up under their other names too."""
    outputs = dict(capabilities.outputs)
    if {*other_names.keys(), *other_names.values()} <= outputs.keys():
        return capabilities
    for name, model_name in other_names.items():
        output = outputs.get(model_name, outputs.get(name))
        outputs.update({name: output, model_name: output})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whoever made the capabilities was warned
        return ModelCapabilities(
            outputs=outputs,
            atomic_types=capabilities.atomic_types,
            interaction_range=capabilities.interaction_range,
            length_unit=capabilities.length_unit,
            supported_devices=capabilities.supported_devices,
            dtype=capabilities.dtype,
        )


def _extra_files(metadata: ModelMetadata, collect_extensions: Optional[Union[str, os.PathLike]]) -> Dict[str, str]:
    """What can be read from the file without loading the model."""
    export_metadata = {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(),
        "platform": f"{platform.machine()}-{platform.system()}",
    }
    if collect_extensions is not None:
        export_metadata["extensions_directory"] = os.fspath(collect_extensions)
    extensions, dependencies = _extensions.collect_extensions(collect_extensions)
    return {
        "torch-version": torch.__version__,
        "metatomic-version": version(),
        "extensions": json.dumps(extensions),
        "extensions-deps": json.dumps(dependencies),
        "export-metadata": json.dumps(export_metadata),
        "model-metadata": metadata.__getstate__()[0],
    }
