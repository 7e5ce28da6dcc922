# SPDX-License-Identifier: BSD-3-Clause
"""Interface between atomistic models and simulation engines, as TorchScript classes.

A model is a ``torch.nn.Module`` with the ``forward`` of :py:class:`ModelInterface`. Wrapped in
:py:class:`AtomisticModel` and saved, it runs in any engine without Python.
"""

import importlib

from . import _c_lib


_c_lib._load_library()

from . import utils  # noqa: E402
from ._classes import (  # noqa: E402
    ModelCapabilities,
    ModelEvaluationOptions,
    ModelMetadata,
    ModelOutput,
    NeighborListOptions,
    System,
    check_atomistic_model,
    load_model_extensions,
    pick_device,
    pick_output,
    read_model_metadata,
    register_autograd_neighbors,
    unit_conversion_factor,
    unit_dimension_for_quantity,
    version,
)
from .model import (  # noqa: E402
    AtomisticModel,
    ModelInterface,
    is_atomistic_model,
    load_atomistic_model,
)
from .systems_to_torch import systems_to_torch  # noqa: E402
from .serialization import load_system, load_system_buffer, save, save_buffer  # noqa: E402


__version__ = version()


def __getattr__(name: str):
    if name in ["ase_calculator", "dftd3", "heat_flux", "o3", "weighted_sum"]:  # slow to import, or in need of ASE
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


__all__ = [
    "AtomisticModel",
    "ModelCapabilities",
    "ModelEvaluationOptions",
    "ModelInterface",
    "ModelMetadata",
    "ModelOutput",
    "NeighborListOptions",
    "System",
    "check_atomistic_model",
    "is_atomistic_model",
    "load_atomistic_model",
    "load_model_extensions",
    "load_system",
    "load_system_buffer",
    "pick_device",
    "pick_output",
    "read_model_metadata",
    "register_autograd_neighbors",
    "save",
    "save_buffer",
    "systems_to_torch",
    "unit_conversion_factor",
    "unit_dimension_for_quantity",
    "utils",
    "version",
]
