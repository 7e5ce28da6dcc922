# SPDX-License-Identifier: BSD-3-Clause
"""What is registered in TorchScript is what models and engines know."""

import pathlib

import interface
import metatensor.torch  # noqa: F401
import metatomic.torch  # noqa: F401


EXPECTED = set(pathlib.Path(__file__).with_name("interface.txt").read_text().splitlines())


def test_nothing_is_missing_or_different():
    registered = interface.registered_schemas()
    missing = sorted(EXPECTED - set(registered))
    assert not missing, "missing or different:\n" + "\n".join(missing)
