# SPDX-License-Identifier: BSD-3-Clause
from .. import _eager


class NotEqualError(ValueError):
    pass


if _eager._binding is not None:  # without it, operators raise the ValueError that a NotEqualError is
    _eager._binding.raise_not_equal_error_as(NotEqualError)
