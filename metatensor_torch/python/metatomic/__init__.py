# SPDX-License-Identifier: BSD-3-Clause
"""Atomistic models: see ``metatomic.torch``."""
