# SPDX-License-Identifier: BSD-3-Clause
"""Another name of the package ``metatensor_torch``.

There is no ``metatensor/__init__.py`` beside it, so that ``metatensor`` is a namespace package when this
project stands alone, and metatensor-core's package when that is installed.
"""

import sys

import metatensor_torch


for _name in [name for name in sys.modules if name.startswith("metatensor_torch.")]:
    sys.modules[__name__ + _name[len("metatensor_torch") :]] = sys.modules[_name]
sys.modules[__name__] = metatensor_torch
