# SPDX-License-Identifier: BSD-3-Clause
"""The packages are importable under all their names, load nothing else, and notice other implementations."""

import os
import subprocess
import sys

import pytest

import metatensor.torch
import metatensor_torch
import metatomic.torch


def run_python(code: str, *path: str) -> subprocess.CompletedProcess:
    python_path = os.pathsep.join([*map(str, path), os.environ["PYTHONPATH"]])
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": python_path},
    )


@pytest.mark.parametrize(
    "code",
    [
        "import metatensor.torch; metatensor.torch.Labels",
        "from metatensor.torch import Labels, LabelsEntry, TensorBlock, TensorMap, load, save",
        "import metatensor.torch.utils as utils; utils.cmake_prefix_path",
        "import metatensor_torch, metatensor.torch; assert metatensor_torch is metatensor.torch",
        "import metatensor.torch, metatensor_torch; assert metatensor_torch is metatensor.torch",
        "import metatensor.torch.io, metatensor_torch; assert metatensor.torch.io is metatensor_torch.io",
        "import metatomic.torch; metatomic.torch.System",
        "from metatomic.torch.model import AtomisticModel",
    ],
)
def test_names(code):
    result = run_python(code)
    assert result.returncode == 0, result.stderr


def test_beside_metatensor_core(tmp_path):
    core = tmp_path / "metatensor"
    core.mkdir()
    (core / "__init__.py").write_text("NAME = 'core'\n")
    (core / "torch.py").write_text( # what metatensor-core's does
        "import sys, metatensor_torch\nassert sys.modules['metatensor.torch'] is metatensor_torch\n"
    )
    code = "import metatensor, metatensor.torch; print(metatensor.NAME, metatensor.torch.Labels.__class__.__name__)"
    assert run_python(code, tmp_path).stdout == "core ScriptClass\n"
    # the same with core found after this project, as with an installed core and a build tree
    after = f"import sys; sys.path.append({str(tmp_path)!r}); "
    assert run_python(after + code).stdout == "core ScriptClass\n"
    # and where this project was imported by its other name before
    assert run_python(after + "import metatensor_torch; " + code).stdout == "core ScriptClass\n"


def test_imports_nothing_else():
    code = """
import sys, torch
before = set(sys.modules)
import metatensor.torch, metatomic.torch
new = {name.partition('.')[0] for name in set(sys.modules) - before}
print(sorted(new - set(sys.stdlib_module_names)))
"""
    result = run_python(code)
    assert result.stdout == "['metatensor', 'metatensor_torch', 'metatomic']\n", result.stderr


def test_another_copy_is_loaded(tmp_path):
    library = os.path.join(metatensor.torch.utils.install_prefix, "lib", "libmetatensor_torch.so")
    copy = tmp_path / "libmetatensor_torch.so"
    copy.write_bytes(open(library, "rb").read())
    result = run_python(f"import torch; torch.ops.load_library({str(copy)!r}); import metatensor.torch")
    assert "ImportError: torch.classes.metatensor.Labels is already registered" in result.stderr
    assert "another implementation (or another copy)" in result.stderr


def test_other_version_of_torch(tmp_path):
    package = tmp_path / "metatensor_torch"
    package.mkdir()
    source = os.path.dirname(metatensor_torch.__file__)
    for name in ["__init__.py", "_c_lib.py", "_library.py"]:
        (package / name).write_text(open(os.path.join(source, name)).read())
    (package / "torch-1.2").mkdir()
    result = run_python("import metatensor_torch", tmp_path)
    assert "this package was built for torch 1.2, but torch " in result.stderr


@pytest.mark.parametrize("package", [metatensor.torch, metatomic.torch])
def test_paths_and_version(package):
    for name in ["metatensor_torch", "metatomic_torch"]:
        assert os.path.isfile(os.path.join(package.utils.cmake_prefix_path, name, f"{name}-config.cmake"))
    assert os.path.isdir(os.path.join(package.utils.install_prefix, "lib"))
    assert package.__version__ == package.version()
    assert package.__version__.startswith("0.10." if package is metatensor.torch else "0.1.")


def test_paths_from_the_command_line():
    def run_module(name, option):
        return subprocess.run([sys.executable, "-W", "error", "-m", name, option], capture_output=True, text=True)

    utils = metatensor.torch.utils
    assert run_module("metatensor.torch", "--cmake-prefix-path").stdout == f"{utils.cmake_prefix_path}\n"
    assert run_module("metatensor_torch", "--version").stdout == f"{metatensor.torch.__version__}\n"
    plugins = run_module("metatensor.torch", "--lammps-plugin-path")
    if utils.lammps_plugin_path is None:
        assert plugins.returncode == 1 and "built without the LAMMPS plugin" in plugins.stderr
    else:
        assert plugins.stdout == f"{utils.lammps_plugin_path}\n"


@pytest.mark.parametrize("package", [metatensor.torch, metatomic.torch])
def test_everything_that_is_named_is_there(package):
    for name in package.__all__:
        assert getattr(package, name) is not None
