#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the reference data of DFT-D3 anew, out of the packages tad-dftd3 and tad-mctc.

usage: dftd3_tables.py SITE_PACKAGES > metatensor_torch/python/metatomic/torch/_dftd3_tables.txt

SITE_PACKAGES has tad-dftd3 0.7.0 and tad-mctc 0.11.3, as from ``pip install --no-deps --target``.
"""

import importlib
import pathlib
import sys
import types

import torch


HEADER = """\
# Reference data of the DFT-D3 dispersion correction, in atomic units, written by scripts/dftd3_tables.py.
# S. Grimme, J. Antony, S. Ehrlich, H. Krieg, J. Chem. Phys. 132, 154104 (2010), and for later elements
# L. Wittmann, I. Gordiy, M. Friede, B. Helmich-Paris, S. Grimme, A. Hansen, M. Bursch, PCCP 26, 21379 (2024).
# The numbers come with tad-dftd3 0.7.0 and tad-mctc 0.11.3, by Sebastian Ehlert and Marvin Friede, Apache-2.0.
#
# element Z: covalent radius, sqrt(sqrt(Z) <r4>/<r2> / 2), coordination numbers of the reference systems
# c6 Z i: coefficients of reference system i of Z, with all reference systems from the first to itself
"""


def main():
    packages = pathlib.Path(sys.argv[1])
    sys.path.insert(0, str(packages))
    package = types.ModuleType("tad_dftd3")  # without what its __init__.py imports
    package.__path__ = [str(packages / "tad_dftd3")]
    sys.modules["tad_dftd3"] = package

    dtype = torch.float64
    radii = importlib.import_module("tad_mctc.data.radii").COV_D3(dtype=dtype)
    moments = importlib.import_module("tad_dftd3.data.r4r2").R4R2(dtype=dtype)
    coordination = importlib.import_module("tad_dftd3.reference")._load_cn(dtype=dtype)
    coefficients = torch.load(packages / "tad_dftd3" / "reference-c6.pt").to(dtype)

    print(HEADER, end="")
    systems = []
    for element in range(1, coordination.shape[0]):
        numbers = [number for number in coordination[element].tolist() if number >= 0]
        columns = [radii[element].item(), moments[element].item(), *numbers]
        print("element", element, *(f"{column:.8g}" for column in columns))
        systems += [(element, i) for i in range(len(numbers))]
    for place, (element, i) in enumerate(systems):
        row = [coefficients[element, other, i, j].item() for other, j in systems[: place + 1]]
        print("c6", element, i, *(f"{value:.8g}" for value in row))


if __name__ == "__main__":
    main()
