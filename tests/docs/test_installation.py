# SPDX-License-Identifier: BSD-3-Clause
"""The commands of docs/installation.md.

Those for CMake configure here; what they configure is compiled by scripts/build.sh, and with pip by scripts/package.sh.
Those that install packages do not run: their options have to be known.
"""

import os
import pathlib
import re
import subprocess
import sys
import textwrap

import pytest
import torch


ROOT = pathlib.Path(__file__).parents[2]
BUILD_DIR = pathlib.Path(os.environ.get("METATENSOR_TORCH_BUILD_DIR", ROOT / "build" / "release"))
PAGE = (ROOT / "docs" / "installation.md").read_text()
needs_lammps = pytest.mark.skipif(not pathlib.Path(os.environ.get("LMP", "nowhere")).exists(), reason="no LAMMPS")


def commands_that_start_with(text):
    """Commands for a shell, which stand in the text with four spaces before them"""
    blocks = re.findall(r"(?:^ {4}.*\n)+", re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL), flags=re.MULTILINE)
    found = [textwrap.dedent(block) for block in blocks if block.startswith(f"    {text}")]
    assert found
    return found


def cached(name):
    """What a CMake variable was set to when the plugin was configured, if possible that for a LAMMPS with KOKKOS."""
    for build in [BUILD_DIR.parent / "kokkos", BUILD_DIR]:
        cache = build / "CMakeCache.txt"
        found = re.search(rf"^{name}:\w+=(.+)$", cache.read_text() if cache.exists() else "", flags=re.MULTILINE)
        if found:
            return found[1]
    return None


def fill_in(commands):
    """The commands with what is there instead of what stands for it on the page"""
    values = {
        "/path/to/libtorch": pathlib.Path(torch.__file__).parent,
        "/path/to/kokkos": cached("Kokkos_ROOT"),
        "$HOME/lammps": cached("LAMMPS_SOURCE_DIR"),
        "/path/to/build": BUILD_DIR,
    }
    for text, value in values.items():
        if text in commands and value is None:
            pytest.skip(f"there is nothing for {text}")
        commands = commands.replace(text, str(value))
    return commands


def run(commands, folder):
    path = os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])
    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        **{"cwd": folder, "env": {**os.environ, "PATH": path}, "stdin": subprocess.DEVNULL},
        **{"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True},
    )
    assert result.returncode == 0, result.stdout[-4000:]
    return result.stdout


def link_content(source, folder):
    for path in source.iterdir():
        if path.name != "build":
            (folder / path.name).symlink_to(path)


@pytest.mark.parametrize("commands", commands_that_start_with("cmake -B build -DCMAKE_BUILD_TYPE"))
def test_checkout_is_configured(commands, tmp_path):
    commands = fill_in(commands)
    link_content(ROOT, tmp_path)
    output = run(re.sub(r"^cmake --(build|install) .*\n", "", commands, flags=re.MULTILINE), tmp_path)
    has_plugin = "METATENSOR_TORCH_BUILD_LAMMPS_PLUGIN=ON" in commands
    assert re.search(rf"-- +LAMMPS plugin +{'for' if has_plugin else 'OFF'}", output), output


PLUGIN_LIST = '"$LMP" -log none <<<"plugin list"\n'


@needs_lammps
def test_projects_and_lammps_find_the_package(tmp_path):
    (commands,) = commands_that_start_with("cmake -B build -DCMAKE_PREFIX_PATH=$(python")
    link_content(ROOT / "examples" / "cpp", tmp_path)
    assert "pair style plugin metatensor" in run(commands + PLUGIN_LIST, tmp_path)


@needs_lammps
def test_lammps_finds_the_plugin_of_a_build(tmp_path):
    (commands,) = commands_that_start_with("export LAMMPS_PLUGIN_PATH=")
    assert "pair style plugin metatensor" in run(fill_in(commands) + PLUGIN_LIST, tmp_path)


@needs_lammps
def test_lammps_loads_the_plugin_of_a_build(tmp_path):
    (commands,) = commands_that_start_with("plugin load")
    (tmp_path / "in.plugin").write_text(f"{fill_in(commands)}plugin list\n")
    assert "pair style plugin metatensor" in run('"$LMP" -log none -in in.plugin', tmp_path)


def test_what_is_installed(tmp_path):
    (listing,) = commands_that_start_with("include/")
    run(f"cmake --install '{BUILD_DIR}' --prefix installed", tmp_path)
    for line in listing.splitlines():
        for name in line.partition("  ")[0].split(", "):
            name = name.rstrip("/")
            found = list((tmp_path / "installed").glob(name if "/" in name else f"**/{name}"))
            assert found or "if it was built" in line, f"{name} is not installed"


def test_torch_says_whether_there_is_a_gpu(tmp_path):
    (commands,) = re.findall(r"```bash\n(.*?)```", PAGE, flags=re.DOTALL)
    assert run(commands, tmp_path).strip() == str(torch.cuda.is_available())


def test_options_of_pip_and_cmake_are_known():
    files = [ROOT / "CMakeLists.txt", *(ROOT / "cmake").glob("*.cmake")]
    known = " ".join(path.read_text() for path in files)
    options = set(re.findall(r"(?:-D|cmake\.define\.)((?:METATENSOR|LAMMPS)_\w+|Kokkos_ROOT)", PAGE))
    assert len(options) >= 5
    for option in options:
        assert re.search(rf"\b{option}\b", known), f"CMake has no option {option}"
