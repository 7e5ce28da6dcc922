# SPDX-License-Identifier: BSD-3-Clause
"""What the sources include, and the licences that follow from it."""

import pathlib
import re
import subprocess


ROOT = pathlib.Path(__file__).parents[2]
SOURCES = {".cpp", ".hpp", ".h", ".cu", ".py", ".sh"}


def files():
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [name for name in names if pathlib.Path(name).suffix in SOURCES and (ROOT / name).exists()]


def includes(name):
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', (ROOT / name).read_text(), flags=re.MULTILINE)


def reaches(name, is_wanted, seen=None):
    """Whether a file includes a wanted header, itself or through headers of this project beside it."""
    seen = set() if seen is None else seen
    for header in includes(name):
        if is_wanted(header):
            return True
        beside = pathlib.Path(name).parent / header
        if (ROOT / beside).exists() and beside not in seen:
            seen.add(beside)
            if reaches(beside, is_wanted, seen):
                return True
    return False


def is_of_lammps(header):
    return header.startswith("lammps/")


def is_of_kokkos(header):
    return header.startswith("Kokkos")


def is_of_engines(header):
    return is_of_lammps(header) or is_of_kokkos(header) or header == "mpi.h"


def is_of_torch(header):
    return header.startswith(("torch/", "ATen/", "c10/", "metatensor/", "metatomic/"))


def test_licences():
    """Files that include headers of LAMMPS, and no others, are GPL-2.0-only."""
    wrong = []
    for name in files():
        lines = (ROOT / name).read_text().splitlines()[:3]
        stated = [line.split("Identifier:")[1].strip() for line in lines if "SPDX-License-Identifier:" in line]
        if stated != ["GPL-2.0-only" if reaches(name, is_of_lammps) else "BSD-3-Clause"]:
            wrong.append((name, stated))
    assert wrong == []


def test_libraries_know_no_engine():
    sources = [name for name in files() if name.startswith("metatensor_torch/")]
    assert [name for name in sources if reaches(name, is_of_engines)] == []


def test_torch_and_kokkos_meet_in_no_file():
    """Files that include Kokkos may be for the compiler of CUDA, which has trouble with torch."""
    sources = [name for name in files() if name.startswith(("kokkos/", "lammps_plugin/"))]
    assert [name for name in sources if reaches(name, is_of_torch) and reaches(name, is_of_kokkos)] == []
