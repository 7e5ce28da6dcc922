# SPDX-License-Identifier: BSD-3-Clause
"""Why featomic-torch can not be loaded beside this library: which symbols it wants that only a library on the Rust core has."""

import ctypes
import os
import subprocess

import featomic
import metatensor
import numpy as np
import pytest
import torch

import metatensor.torch
import metatomic.torch


FOLDER = os.path.dirname(featomic.__file__)
TORCH = ".".join(torch.__version__.split(".")[:2])
LIBRARY = f"{FOLDER}/torch/torch-{TORCH}/lib/libfeatomic_torch.so"


def symbols(path, *options):
    """Names of dynamic symbols, with types of arguments."""
    command = ["nm", "--dynamic", "--demangle", "--format=posix", *options, path]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    # NAME TYPE [VALUE SIZE]
    return {line.rsplit(" U", 1)[0] if "--undefined-only" in options else line.rsplit(" ", 3)[0] for line in lines}


def test_the_rust_core_works_beside_this_library():
    """featomic and metatensor-core do not need metatensor-torch."""
    assert metatensor.Labels(["a"], np.array([[0]])).names == ["a"]
    assert "site-packages" not in metatensor.torch.__file__


def test_what_its_library_lacks():
    featomic._c_lib._get_library()  # with the Rust core, under the names that it is linked to
    with pytest.raises(OSError, match="undefined symbol") as error:
        ctypes.CDLL(LIBRARY)
    print(f"\n{error.value}", end="")

    ours = set()
    for library in [metatensor.torch._c_lib._lib_path(), metatomic.torch._c_lib._lib_path()]:
        ours |= symbols(library, "--defined-only")
    wanted = sorted(symbols(LIBRARY, "--undefined-only") - ours)
    missing = [name for name in wanted if name.startswith(("metatensor_torch::", "metatomic_torch::"))]
    print("\nnot in this library:", *missing, sep="\n  ", end="")
    # classes of the Rust core in the signature, which this library is written without
    assert any("LabelsHolder(metatensor::Labels)" in name for name in missing)
    assert any("as_metatensor" in name for name in missing)
