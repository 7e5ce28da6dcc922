# SPDX-License-Identifier: BSD-3-Clause
"""What LAMMPS writes: thermodynamic tables in logs, and dumps of atoms."""

import numpy as np


def thermo_output(columns="pe press", every=1):
    """Commands for thermodynamic output of totals, with all digits."""
    # in this order: a new style forgets how the last one was modified
    style = f"\nthermo {every}\nthermo_style custom step {columns}\n"
    return style + "thermo_modify format float %22.15e norm no\n"


def read_tables(text):
    """The thermodynamic tables of a log, in order: one dict of arrays by column for each run."""
    tables = []
    columns, rows = None, []
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["Step"]:
            columns, rows = words, []
        elif columns and line.startswith("Loop time"):
            tables.append({name: np.array(values) for name, values in zip(columns, zip(*rows))})
            columns = None
        elif columns and len(words) == len(columns):
            try:
                rows.append([float(word) for word in words])
            except ValueError:
                pass  # a warning among the rows
    return tables


def read_dump(path):
    """The frames of a dump: arrays [n_atoms, n_columns], as they stand in the file."""
    frames = []
    lines = iter(path.read_text().splitlines())
    for line in lines:
        if line == "ITEM: NUMBER OF ATOMS":
            n_atoms = int(next(lines))
        elif line.startswith("ITEM: ATOMS"):
            frames.append(np.array([[float(word) for word in next(lines).split()] for _ in range(n_atoms)]))
    return frames
