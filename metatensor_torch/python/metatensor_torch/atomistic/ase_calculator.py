# SPDX-License-Identifier: BSD-3-Clause
"""The old place of :py:mod:`metatomic.torch.ase_calculator`."""

from metatomic.torch.ase_calculator import MetatomicCalculator


#: The name of :py:class:`metatomic.torch.ase_calculator.MetatomicCalculator` until May 2025
MetatensorCalculator = MetatomicCalculator

__all__ = ["MetatensorCalculator"]
