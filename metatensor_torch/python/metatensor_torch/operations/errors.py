# SPDX-License-Identifier: BSD-3-Clause
from .._docstrings import DOCSTRINGS


class NotEqualError(ValueError):
    __doc__ = DOCSTRINGS["NotEqualError"]
