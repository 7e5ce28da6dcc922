# SPDX-License-Identifier: BSD-3-Clause
"""The code in the pages of the documentation runs, and what they say of scripts, options and files is there.

The environment is that of scripts/test.sh. Python blocks of a page run one after the other, as a reader would type them.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import textwrap

import pytest
import torch


ROOT = pathlib.Path(__file__).parents[2]
BUILD_DIR = pathlib.Path(os.environ.get("METATENSOR_TORCH_BUILD_DIR", ROOT / "build" / "release"))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
EXAMPLES = ROOT / "examples" / "python"


def blocks(page, language):
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(), flags=re.DOTALL)


def pages_with(language):
    found = [page for page in PAGES if blocks(page, language)]
    assert found
    return pytest.mark.parametrize("page", found, ids=[page.stem for page in found])


def run(*command, cwd, **variables):
    result = subprocess.run(
        [str(part) for part in command],
        **{"cwd": cwd, "env": {**os.environ, **variables}, "stdin": subprocess.DEVNULL},
        **{"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "timeout": 300},
    )
    assert result.returncode == 0, result.stdout[-4000:]
    return result.stdout


def test_every_block_says_what_it_is():
    known = {"python", "cpp", "cmake", "lammps", "bash", "text", "{eval-rst}", "{toctree}", "{literalinclude}", "{figure}"}
    for page in PAGES:
        fences = re.findall(r"^ *```(.*)$", page.read_text(), flags=re.MULTILINE)
        assert {fence.split()[0] if fence else "none" for fence in fences[::2]} <= known | ({"none"} if page.stem == "file-formats" else set()), page


def run_python(page, folder):
    (folder / "page.py").write_text("\n".join(blocks(page, "python")))
    run(sys.executable, "page.py", cwd=folder, PYTHONPATH=f"{EXAMPLES}:{os.environ['PYTHONPATH']}")


@pages_with("python")
def test_python(page, tmp_path):
    run_python(page, tmp_path)


@pages_with("cpp")
def test_cpp(page, tmp_path):
    """Whole programs, compiled against the libraries of this build; they read what the Python code of the page has written.

    The argument is the model of the README.
    """
    run(sys.executable, EXAMPLES / "lennard_jones.py", "--output", tmp_path / "model.pt", cwd=tmp_path)
    run_python(page, tmp_path)
    torch_dir = pathlib.Path(torch.__file__).parent
    libraries = [next((BUILD_DIR / "python" / "metatensor_torch").glob("torch-*/lib")), torch_dir / "lib"]
    includes = [ROOT / "metatensor_torch/include", BUILD_DIR / "metatensor_torch/include"]
    includes += [torch_dir / "include", torch_dir / "include/torch/csrc/api/include"]
    for i, code in enumerate(blocks(page, "cpp")):
        assert "int main(" in code
        (tmp_path / f"{i}.cpp").write_text(code)
        launcher = [os.environ["CMAKE_CXX_COMPILER_LAUNCHER"]] if "CMAKE_CXX_COMPILER_LAUNCHER" in os.environ else []
        run(
            *[*launcher, os.environ.get("CXX", "c++"), "-std=c++20", f"{i}.cpp", "-o", f"{i}.exe"],
            *[f"-I{path}" for path in includes],
            *[option for path in libraries for option in (f"-L{path}", f"-Wl,-rpath,{path}")],
            *["-Wl,--no-as-needed", "-lmetatomic_torch", "-lmetatensor_torch", "-ltorch", "-ltorch_cpu", "-lc10"],
            cwd=tmp_path,
        )
        assert run(tmp_path / f"{i}.exe", "model.pt", cwd=tmp_path) != ""


def indented_blocks(page):
    """Commands for a shell, which stand in the text with four spaces before them"""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    return [textwrap.dedent(block) for block in re.findall(r"(?:^ {4}.*\n)+", text, flags=re.MULTILINE)]


def test_commands_of_the_readme():
    """Its commands for a model and for C++ projects, one after the other, in a home and a checkout that are links.

    The folder is always the same, so that ccache knows what is compiled there.
    """
    readme, home = ROOT / "README.md", BUILD_DIR.parent / "readme-test"
    checkout, project = home / "metatensor-torch-cpp", home / "project"
    shutil.rmtree(home, ignore_errors=True)
    for folder in [checkout, project, home / ".cache/metatensor-torch-cpp"]:
        folder.mkdir(parents=True)
    (home / ".cache/metatensor-torch-cpp/venv").symlink_to(sys.prefix)
    (checkout / "examples").symlink_to(ROOT / "examples")
    (checkout / "build").mkdir()
    (checkout / "build/release").symlink_to(BUILD_DIR)
    (checkout / "export.py").write_text("".join(blocks(readme, "python")))
    (project / "CMakeLists.txt").write_text("".join(blocks(readme, "cmake")))
    (project / "main.cpp").write_text("".join(blocks(readme, "cpp")))

    output = ""
    for commands in indented_blocks(readme):
        commands = commands.replace("$HOME", str(home)).replace("~/", f"{home}/")
        lines = [line for line in commands.splitlines() if "./scripts/" not in line]  # which run in other tests
        folder = project if "./build/my_engine model.pt" in lines else checkout
        output += run("bash", "-euc", "\n".join(lines), cwd=folder, PYTHONPATH="")
        if (checkout / "model.pt").exists():
            shutil.copy(checkout / "model.pt", project)
    assert "interactions up to 8.5 angstrom" in output
    assert "derivatives: 6 8 10" in output


@pages_with("lammps")
def test_lammps(page, tmp_path):
    """Each example with its pair style, in a box with as many types of atoms as it names."""
    if "LMP" not in os.environ or not pathlib.Path(os.environ["LMP"]).exists():
        pytest.skip("there is no LAMMPS to run")
    (tmp_path / "extensions").mkdir()
    exported = set()
    for text in blocks(page, "lammps"):
        examples = [part for part in text.split("\n\n") if "pair_style" in part]
        assert examples
        for i, example in enumerate(examples):
            n_types, model = n_types_of(example), re.search(r"(\S+\.pt)", example)[1]
            if (model, n_types) not in exported:
                export_model(tmp_path / model, example)
                exported.add((model, n_types))
            commands = [line for line in example.splitlines() if not line.startswith("plugin")]
            (tmp_path / f"in.{i}").write_text(script_around(commands, n_types))
            run(os.environ["LMP"], "-nocite", "-in", f"in.{i}", cwd=tmp_path)


def n_types_of(example):
    """What follows `* *` in pair_coeff, without the name of the style in hybrid ones"""
    words = re.search(r"pair_coeff \* \* (.*)", example)[1].split()
    return len([word for word in words if word != "metatensor"])


def export_model(path, example):
    """A Lennard-Jones model of the types that an example names"""
    numbers = {"H": 1, "O": 8, "Si": 14, "Ar": 18}
    words = re.search(r"pair_coeff \* \* (.*)", example)[1].split()
    types = sorted({numbers.get(word) or int(word) for word in words if word not in ["metatensor", "NULL"]})
    code = f"""
import sys; sys.path.insert(0, {str(EXAMPLES)!r})
from lennard_jones import LennardJones
from metatomic.torch import AtomisticModel, ModelCapabilities, ModelMetadata, ModelOutput
types = {types}
module = LennardJones(types, [3.0] * len(types), [0.01] * len(types), cutoff=6.0, full_list=True)
outputs = {{"energy": ModelOutput(unit="eV", sample_kind="atom")}}
capabilities = ModelCapabilities(outputs, types, 6.0, "angstrom", ["cpu"], "float64")
AtomisticModel(module.double().eval(), ModelMetadata("example"), capabilities).save({str(path)!r})
"""
    run(sys.executable, "-c", code, cwd=path.parent)


def script_around(commands, n_types):
    return "\n".join([
        *["units metal", "atom_style atomic", "lattice fcc 5.0", "region box block 0 3 0 3 0 3"],
        *[f"create_box {n_types} box", "create_atoms 1 box", "mass * 20.0"],
        *[f"set group all type/fraction {i} 0.3 {1000 + i}" for i in range(2, n_types + 1)],
        f"plugin load {os.environ['METATENSOR_PLUGIN']}",
        *commands,
        "run 0",
    ]) + "\n"


def test_scripts_and_their_options_exist():
    for page in PAGES:
        for script, options in re.findall(r"(scripts/[\w.]+\.sh)((?: --?[\w-]+(?: [\w./]+)?)*)", page.read_text()):
            text = (ROOT / script).read_text()
            for option in re.findall(r" (--[a-z-]+)", options.split(" -- ")[0]):
                assert option in text, f"{page.name}: {script} has no option {option}"


def test_links_of_the_readme_lead_somewhere():
    """Those inside of docs/ are checked when the pages are made."""
    for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text()):
        assert target.startswith("http") or (ROOT / target).exists(), target


def test_options_of_the_pair_style_are_documented():
    known = re.findall(r'^    \{"(\w+)", "', (ROOT / "lammps_plugin/settings.cpp").read_text(), flags=re.MULTILINE)
    table = re.findall(r"^  \| `(\w+)` \|", (ROOT / "docs/lammps.md").read_text(), flags=re.MULTILINE)
    assert known and table == known


def test_paths_exist():
    """Files that the pages name by their path in the repository"""
    names = r"`((?:docs|examples|scripts|tests|benchmarks|lammps_plugin|kokkos)/[\w./-]*\w)`"
    for page in PAGES:
        for name in re.findall(names, page.read_text()):
            assert (ROOT / name).exists() or not re.search(r"\.\w+$", name), f"{page.name}: there is no {name}"
