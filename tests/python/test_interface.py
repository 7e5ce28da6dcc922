# SPDX-License-Identifier: BSD-3-Clause
"""What is registered in TorchScript is what models and engines know."""

import pathlib

import interface
import metatensor.torch  # noqa: F401
import metatomic.torch  # noqa: F401


EXPECTED = set(pathlib.Path(__file__).with_name("interface.txt").read_text().splitlines())

# What later parts of the project add; take a line away here with the change that adds it.
LATER = {
    "metatomic::load_system(str path) -> metatomic.System",
    "metatomic::load_system_buffer(Tensor buffer) -> metatomic.System",
    "metatomic::save(str path, metatomic.System system) -> ()",
    "metatomic::save_buffer(metatomic.System system) -> Tensor",
}


def test_nothing_is_missing_or_different():
    registered = interface.registered_schemas()
    missing = sorted(EXPECTED - LATER - set(registered))
    assert not missing, "missing or different:\n" + "\n".join(missing)


def test_later_parts_are_expected_and_still_missing():
    registered = set(interface.registered_schemas())
    assert LATER <= EXPECTED
    assert not LATER & registered, "not later any more: take them from LATER"
