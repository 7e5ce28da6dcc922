# SPDX-License-Identifier: BSD-3-Clause
"""Another name of the package ``metatensor_torch``.

There is no ``metatensor/__init__.py`` beside it, so that ``metatensor`` is a namespace package when this
project stands alone, and metatensor-core's package when that is installed.
"""

import metatensor_torch  # noqa: F401  (puts itself into sys.modules under this name, too)
