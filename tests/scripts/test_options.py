# SPDX-License-Identifier: BSD-3-Clause
"""What the shell scripts say to options that they do not have: they stop before they set anything up."""

import os
import pathlib
import subprocess

import pytest


SCRIPTS = pathlib.Path(__file__).parents[2] / "scripts"


def run(script, *options, **environment):
    return subprocess.run(
        ["bash", SCRIPTS / script, *options],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize("script", sorted(path.name for path in SCRIPTS.glob("*.sh") if path.name != "lib.sh"))
def test_help(script):
    result = run(script, "--help")
    assert result.returncode == 0, result.stderr
    assert f"usage: scripts/{script}" in result.stdout
    assert "SPDX" not in result.stdout


@pytest.mark.parametrize(
    "script, options, message",
    [
        ("setup.sh", ["now"], "takes no argument but --docs, got 'now'"),
        ("docs.sh", ["now"], "takes no argument, got 'now'"),
        ("package.sh", ["--fast"], "unknown option '--fast'"),
        ("valgrind.sh", ["cuda"], "expected plain or kokkos, got 'cuda'"),
        ("package.sh", ["--output"], "--output needs a value"),
        ("build.sh", ["fast"], "the preset must be release, dev, asan, kokkos or kokkos-asan, got 'fast'"),
        ("build.sh", ["dev", "fast"], "expected an option of CMake such as -DNAME=VALUE, got 'fast'"),
        ("test.sh", ["--fast"], "unknown option '--fast'"),
        ("format.sh", ["--check", "README.md"], "only C++ sources can be formatted, got 'README.md'"),
        ("saved_models.sh", ["now"], "takes no argument but --check, got 'now'"),
        ("compile_cuda.sh", ["now"], "takes no argument, got 'now'"),
        ("demo.sh", ["--fast"], "unknown option '--fast'"),
        ("demo.sh", ["--ranks"], "--ranks needs a value"),
        ("demo.sh", ["--ranks", "two"], "--ranks must be a positive number, got 'two'"),
        ("demo.sh", ["--steps", "0"], "--steps must be a positive number, got '0'"),
        ("demo.sh", ["--output", "/dev/null/demo"], "can't write to the folder '/dev/null/demo'"),
    ],
)
def test_wrong_options(script, options, message):
    result = run(script, *options)
    assert result.returncode == 1
    assert message in result.stderr


def test_setup_says_what_is_missing(tmp_path):
    """Without compiler, CMake, apt-get and sudo."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in "bash awk cat cut dirname env flock grep head mkdir nproc sed sha256sum sort tail".split():
        for folder in os.environ["PATH"].split(":"):
            if os.access(f"{folder}/{tool}", os.X_OK):
                (tools / tool).symlink_to(f"{folder}/{tool}")
                break
    result = run("setup.sh", PATH=str(tools), METATENSOR_TORCH_CACHE=str(tmp_path / "cache"), CXX="c++")
    assert result.returncode == 1
    assert "these are missing: g++ cmake ninja-build" in result.stderr
    assert "sudo apt-get install g++ cmake ninja-build" in result.stderr


def test_setup_checks_a_python_of_the_user(tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho torch numpy\n")
    python.chmod(0o755)
    result = run("setup.sh", METATENSOR_TORCH_PYTHON=str(python), METATENSOR_TORCH_CACHE=str(tmp_path / "cache"))
    assert result.returncode == 1
    assert "the Python of METATENSOR_TORCH_PYTHON lacks: torch numpy" in result.stderr


@pytest.mark.parametrize(
    "options, environment, message",
    [
        ([], {"LMP": "/nowhere/lmp"}, "there is no LAMMPS to run at '/nowhere/lmp'"),
        (["--ranks", "2"], {"MPIEXEC": "/nowhere/mpiexec"}, "there is no mpiexec at '/nowhere/mpiexec'"),
        ([], {"LAMMPS_POTENTIALS": "/nowhere"}, "no Si.sw in '/nowhere'"),
    ],
)
def test_demo_says_what_it_does_not_find(tmp_path, options, environment, message):
    result = run("demo.sh", "--output", str(tmp_path), *options, **environment)
    assert result.returncode == 1
    assert message in result.stderr
