# SPDX-License-Identifier: BSD-3-Clause
"""Operators around a model's forward, called quickly from Python; in scripted code the operators themselves."""

from metatensor_torch._eager import fast_op
from metatensor_torch._scripting import scripted_as


def _operator(name: str):
    return scripted_as(name)(fast_op(name))


check_atomic_types = _operator("metatomic::_check_atomic_types")
check_inputs = _operator("metatomic::_check_inputs")
check_quantities = _operator("metatomic::_check_quantities")
convert_outputs_units = _operator("metatomic::_convert_outputs_units")
convert_systems_units = _operator("metatomic::_convert_systems_units")
