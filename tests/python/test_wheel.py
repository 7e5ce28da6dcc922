# SPDX-License-Identifier: BSD-3-Clause
"""``pip install .``, and what users do with the result: models in Python, a C++ project, LAMMPS."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest
import torch


pytest.importorskip("scikit_build_core")

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD_DIR = pathlib.Path(os.environ.get("METATENSOR_TORCH_BUILD_DIR", ROOT / "build" / "release"))
WORK_DIR = BUILD_DIR.parent / "wheel-test"  # always the same, so that ccache knows what is compiled here
# What the package is built with, so that it is the same that was compiled already.
COPIED_OPTIONS = [
    *["CMAKE_CXX_FLAGS", "LAMMPS_ROOT", "LAMMPS_SOURCE_DIR", "LAMMPS_SIZES", "MPI_CXX_COMPILER", "Kokkos_ROOT"],
    "METATENSOR_TORCH_BUILD_LAMMPS_PLUGIN",
]


def run(*command, **variables) -> str:
    """Output of a command that sees nothing of the checkout."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    result = subprocess.run(
        [str(part) for part in command],
        env={**environment, **{name: str(value) for name, value in variables.items()}},
        **{"cwd": WORK_DIR, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True},
    )
    assert result.returncode == 0, result.stdout[-5000:]
    return result.stdout


def cached_options() -> dict:
    lines = (BUILD_DIR / "CMakeCache.txt").read_text().splitlines()
    found = (re.fullmatch(r"(\w+):\w+=(.*)", line) for line in lines)
    return {match[1]: match[2] for match in found if match and match[2]}


@pytest.fixture(scope="module")
def python():
    """Python of an environment with the package, and with torch from the environment of this process."""
    options = cached_options()
    defines = [f"cmake.define.{name}={options[name]}" for name in COPIED_OPTIONS if name in options]
    settings = [f"build-dir={BUILD_DIR.parent / 'wheel'}", "cmake.build-type=Release", *defines]
    shutil.rmtree(WORK_DIR, ignore_errors=True)
    WORK_DIR.mkdir(parents=True)
    run(
        *[sys.executable, "-m", "pip", "wheel", ROOT, "--no-build-isolation", "--no-deps", "--no-index", "-w", "."],
        *(argument for setting in settings for argument in ["-C", setting]),
        CXX=options["CMAKE_CXX_COMPILER"],
    )
    run(sys.executable, "-m", "venv", "--without-pip", "environment")
    python = WORK_DIR / "environment" / "bin" / "python"
    site_packages = pathlib.Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('platlib'))").strip())
    (site_packages / "torch.pth").write_text(str(pathlib.Path(torch.__file__).parents[1]))
    (wheel,) = WORK_DIR.glob("metatensor_torch_cpp-*.whl")
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel)
    return python


def value(python: pathlib.Path, expression: str) -> str:
    return run(python, "-c", f"import metatensor.torch, metatomic.torch; print({expression})").strip()


def test_content(python):
    package = pathlib.Path(value(python, "metatensor.torch.__file__")).parent
    assert WORK_DIR in package.parents
    prefix = package / f"torch-{'.'.join(torch.__version__.split('.')[:2])}"
    assert value(python, "metatomic.torch.utils.install_prefix") == str(prefix)
    for path in ["include/metatensor/torch.hpp", "include/metatomic/torch.hpp", "include/metatensor.hpp"]:
        assert (prefix / path).exists()
    for typed in [package, package.parent / "metatomic" / "torch"]:
        assert (typed / "py.typed").exists()
    assert value(python, "metatensor.torch.add.__doc__").strip()
    assert value(python, "metatensor.torch._eager._binding is not None") == "True"
    metadata = next(package.parent.glob("metatensor_torch_cpp-*.dist-info"))
    assert "Requires-Dist: torch>=2.11" in (metadata / "METADATA").read_text().replace("torch >=", "torch>=")


@pytest.fixture(scope="module")
def model(python):
    run(python, ROOT / "examples" / "python" / "lennard_jones.py", "--output", "argon.pt")
    return WORK_DIR / "argon.pt"


def test_scripted_model(python, model):
    code = f"metatomic.torch.load_atomistic_model({str(model)!r}).capabilities().length_unit"
    assert value(python, code) == "angstrom"


def test_cpp_project(python, model):
    prefix_path = value(python, "metatensor.torch.utils.cmake_prefix_path")
    compiler = cached_options()["CMAKE_CXX_COMPILER"]
    configure = ["cmake", "-G", "Ninja", "-S", ROOT / "examples" / "cpp", "-B", "dimer", f"-DCMAKE_CXX_COMPILER={compiler}"]
    run(*configure, f"-DCMAKE_PREFIX_PATH={prefix_path}", "-DCMAKE_BUILD_TYPE=Release")
    run("cmake", "--build", "dimer")
    assert re.search("4.2 -0.0083764[0-9]* -0.0072216", run(WORK_DIR / "dimer" / "argon_dimer", model))


@pytest.mark.skipif(not os.environ.get("LMP"), reason="no LAMMPS")
def test_lammps_finds_the_plugin(python, model):
    (WORK_DIR / "in.argon").write_text(
        "units metal\nregion box block 0 20 0 20 0 20\ncreate_box 1 box\nmass 1 39.95\n"
        "create_atoms 1 single 5 5 5\ncreate_atoms 1 single 9.2 5 5\n"
        f"pair_style metatensor {model}\npair_coeff * * 18\nrun 0\n"
    )
    plugins = run(python, "-m", "metatensor.torch", "--lammps-plugin-path").strip()
    log = run(os.environ["LMP"], "-log", "none", "-in", "in.argon", LAMMPS_PLUGIN_PATH=plugins)
    assert re.search(r"-0\.008376", log)


def test_uninstalling_leaves_nothing(python):
    """The last of these tests"""
    run(sys.executable, "-m", "pip", "--python", python, "uninstall", "--yes", "metatensor-torch-cpp")
    assert [path for path in python.parents[1].rglob("*") if path.name.startswith(("metatensor", "metatomic"))] == []
