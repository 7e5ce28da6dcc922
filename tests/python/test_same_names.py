# SPDX-License-Identifier: BSD-3-Clause
"""Modules, functions, classes and their arguments: what the existing ``metatomic.torch`` has is here, too.

What is not is named in ``MISSING``. (``metatomic.torch.documentation`` describes the TorchScript classes, which test_interface.py compares.) METATENSOR_ORACLE_PYTHON is a Python that has the existing packages.
"""

import inspect
import json
import os
import subprocess
import sys

import pytest


ORACLE = os.environ.get("METATENSOR_ORACLE_PYTHON", "")
pytestmark = pytest.mark.skipif(
    ORACLE == "", reason="METATENSOR_ORACLE_PYTHON is not set to a Python with the other implementation"
)

MODULES = [
    "metatomic.torch",
    "metatomic.torch.ase_calculator",
    "metatomic.torch.model",
    "metatomic.torch.o3",
    "metatomic.torch.dftd3",
    "metatomic.torch.heat_flux",
    "metatomic.torch.serialization",
    "metatomic.torch.systems_to_torch",
    "metatomic.torch.utils",
    "metatomic.torch.weighted_sum",
]

#: Not here (yet)
MISSING = {
    "metatomic.torch.model.EXPECTED_ARGUMENTS": "part of an error message there",
    "metatomic.torch.model.EXPECTED_SIGNATURE": "part of an error message there",
    "metatomic.torch.model.metatomic_version": "metatomic.torch.version() here",
    "metatomic.torch.utils.Version": "the one of metatensor.torch.utils here, which this test does not count",
    "metatomic.torch.utils.external_path": "there is nothing of other projects in this package",
    "metatomic.torch.systems_to_torch.HAS_ASE": "ase is imported by nobody but the calculator here",
}

# Prints what the modules define themselves or hand on from their own package, with names of arguments.
COLLECT = """
import importlib, inspect, json, sys, warnings
warnings.simplefilter("ignore")

def arguments(function):
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters):
        return None
    return [p.name for p in parameters]

def belongs_to(name, value):
    if isinstance(value, (int, str, list)):
        return True
    module = getattr(value, "__module__", None) or ""
    return module.startswith("metatomic.torch") and name in ["metatomic.torch", module]

found = {}
for name in json.loads(sys.argv[1]):
    try:
        importlib.import_module(name)
    except ImportError:
        continue
    found[name] = None
    module = sys.modules[name]  # which a function of the same name may hide
    for attribute, value in vars(module).items():
        if attribute.startswith("_") or inspect.ismodule(value) or not belongs_to(name, value) or attribute == "TYPE_CHECKING":
            continue
        found[f"{name}.{attribute}"] = arguments(value) if callable(value) else None
        if inspect.isclass(value):
            found[f"{name}.{attribute}"] = arguments(value.__init__)
            own = [base for base in value.__mro__ if base.__module__.startswith("metatomic.torch")]
            for method, function in {key: item for base in own for key, item in vars(base).items()}.items():
                if not method.startswith("_") and (inspect.isroutine(function) or isinstance(function, property)):
                    target = getattr(value, method)
                    found[f"{name}.{attribute}.{method}"] = arguments(target) if callable(target) else None
print(json.dumps(found))
"""


def collect(python, environment):
    command = [python, "-W", "ignore", "-c", COLLECT, json.dumps(MODULES)]
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def theirs():
    return collect(ORACLE, {key: value for key, value in os.environ.items() if key != "PYTHONPATH"})


@pytest.fixture(scope="module")
def ours():
    packages = [os.environ["PYTHONPATH"], os.environ.get("METATENSOR_ASE_PACKAGES", "")]
    return collect(sys.executable, {**os.environ, "PYTHONPATH": os.pathsep.join(packages)})


def is_missing(name):
    return any(name == missing or name.startswith(missing + ".") for missing in MISSING)


def test_all_names_are_there(ours, theirs):
    assert len(theirs) > 50
    missing = sorted(name for name in set(theirs) - set(ours) if not is_missing(name))
    assert not missing


def test_what_is_called_missing_is(ours, theirs):
    assert not [name for name in MISSING if name in ours]
    assert not [name for name in MISSING if name not in theirs]


def test_arguments_have_the_same_names(ours, theirs):
    """All of theirs in their order; ours may have more at the end."""
    different = {}
    for name in set(ours) & set(theirs):
        if ours[name] is not None and theirs[name] is not None and ours[name][: len(theirs[name])] != theirs[name]:
            different[name] = (ours[name], theirs[name])
    assert different == {}
