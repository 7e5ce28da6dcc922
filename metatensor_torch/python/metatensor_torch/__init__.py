# SPDX-License-Identifier: BSD-3-Clause
"""metatensor's data types as TorchScript classes: labelled, sparse blocks of tensors.

The package is also importable as ``metatensor.torch``. The classes work in eager code, as annotations, and
in ``torch.jit.script``.
"""

import importlib
import sys

import metatensor  # metatensor-core if that is installed, else a namespace

from . import _c_lib, _library


_c_lib._load_library()
# models from before metatomic need nothing but `import metatensor.torch` before `torch.jit.load`
_library.load_library("metatomic_torch", "metatensor.System")

from . import documentation, utils  # noqa: E402
from ._classes import Labels, LabelsEntry, TensorBlock, TensorMap  # noqa: E402
from ._eager import eager_function  # noqa: E402
from ._module import patch_script_modules  # noqa: E402
from .io import (  # noqa: E402
    load,
    load_block,
    load_block_buffer,
    load_buffer,
    load_labels,
    load_labels_buffer,
    save,
    save_buffer,
)
from . import operations  # noqa: E402
from .operations import *  # noqa: E402, F403


version = eager_function("metatensor::version", documentation.version)
dtype_name = eager_function("metatensor::dtype_name", documentation.dtype_name)

__version__ = version()


def __getattr__(name: str):
    if name == "atomistic":  # imports this package, and is rarely wanted
        return importlib.import_module("metatensor.torch.atomistic")
    raise AttributeError(f"module 'metatensor.torch' has no attribute '{name}'")


patch_script_modules()

from . import learn  # noqa: E402

# metatensor.torch and its modules are other names of this package and its modules. The place for it is here, as
# metatensor-core comes with a metatensor.torch of its own, which imports this package and expects the name.
for _name in [name for name in sys.modules if name.partition(".")[0] == "metatensor_torch"]:
    sys.modules["metatensor.torch" + _name[len("metatensor_torch") :]] = sys.modules[_name]
metatensor.torch = sys.modules[__name__]

__all__ = [
    "Labels",
    "LabelsEntry",
    "TensorBlock",
    "TensorMap",
    "dtype_name",
    "learn",
    "load",
    "load_block",
    "load_block_buffer",
    "load_buffer",
    "load_labels",
    "load_labels_buffer",
    "operations",
    "save",
    "save_buffer",
    "utils",
    "version",
    *operations.__all__,
]
