#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Shows energy, pressure and forces of two LAMMPS runs over the same frames side by side.

Each run is a folder's `NAME.log` and `NAME.dump`: a log with the columns Step, PotEng and Press (and the
pressure components, where there are any), and a dump with the columns id, fx, fy, fz, sorted by id.
"""

import argparse
import pathlib
import sys

import numpy as np

PRESSURES = ("Press", "Pxx", "Pyy", "Pzz", "Pxy", "Pxz", "Pyz")


def read_log(path):
    """Columns of thermo output by name: {"Step": [n_frames], ...}."""
    names, rows = None, []
    for line in path.read_text().splitlines():
        words = line.split()
        if words[:1] == ["Step"]:
            names, rows = words, []
        elif line.startswith("Loop time"):
            break
        elif names and len(words) == len(names):
            try:
                rows.append([float(word) for word in words])
            except ValueError:
                pass  # a warning in the middle of the table
    if not rows:
        raise ValueError(f"{path} has no table of thermo output: did the run end early?")
    return dict(zip(names, np.array(rows).T))


def rows_of_steps(log, steps):
    """The rows of a log at these steps: LAMMPS prints the last step of a run, which need not be a frame."""
    rows = np.isin(log["Step"], list(steps))
    return {name: values[rows] for name, values in log.items()}


def read_forces(path):
    """Forces by step: {step: [n_atoms, 3]}, rows as in the file."""
    forces = {}
    with path.open() as lines:
        while line := lines.readline():
            if line.startswith("ITEM: TIMESTEP"):
                step = int(lines.readline())
            elif line.startswith("ITEM: NUMBER OF ATOMS"):
                n_atoms = int(lines.readline())
            elif line.startswith("ITEM: ATOMS"):
                names = line.split()[2:]
                rows = np.loadtxt([lines.readline() for _ in range(n_atoms)], ndmin=2)
                forces[step] = rows[:, [names.index(name) for name in ("fx", "fy", "fz")]]
    if not forces:
        raise ValueError(f"{path} has no frame")
    return forces


def largest_difference(values, reference):
    """Largest difference, relative to the largest magnitude in the reference."""
    return np.max(np.abs(values - reference)) / np.max(np.abs(reference))


def compare(folder, name, native_name):
    """The last frame's step, and rows (quantity, value, native value, largest relative difference over all frames)."""
    forces, native_forces = (read_forces(folder / f"{run}.dump") for run in (name, native_name))
    log, native_log = (
        rows_of_steps(read_log(folder / f"{run}.log"), steps)
        for run, steps in ((name, forces), (native_name, native_forces))
    )
    if not np.array_equal(log["Step"], native_log["Step"]) or forces.keys() != native_forces.keys():
        raise ValueError(f"{name} and {native_name} have different steps")
    if any(forces[step].shape != native_forces[step].shape for step in forces):
        raise ValueError(f"{name} and {native_name} have different numbers of atoms")

    energy, native_energy = log["PotEng"], native_log["PotEng"]
    pressures = [column for column in PRESSURES if column in log]
    pressure, native_pressure = (np.array([run[column] for column in pressures]) for run in (log, native_log))
    force, native_force = (np.array([frames[step] for step in forces]) for frames in (forces, native_forces))
    return int(log["Step"][-1]), [
        ("potential energy", energy[-1], native_energy[-1], largest_difference(energy, native_energy)),
        ("pressure", pressure[0, -1], native_pressure[0, -1], largest_difference(pressure, native_pressure)),
        ("largest force", np.abs(force[-1]).max(), np.abs(native_force[-1]).max(), largest_difference(force, native_force)),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("name", help="the run with the model")
    parser.add_argument("native_name", help="the run with the native style")
    parser.add_argument("--style", default="native style", help="what to call the native style")
    parser.add_argument("--tolerance", type=float, default=1e-8, help="largest difference that is accepted")
    arguments = parser.parse_args()
    try:
        step, rows = compare(arguments.folder, arguments.name, arguments.native_name)
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")

    print(f"{f'step {step}':20}{'pair_style metatensor':>24}{arguments.style:>24}{'largest difference':>22}")
    for quantity, value, native_value, difference in rows:
        print(f"{quantity:20}{value:24.12g}{native_value:24.12g}{difference:22.1e}")
    print("(difference: over all frames, relative to the largest value)")
    if not all(difference <= arguments.tolerance for *_, difference in rows):
        sys.exit(f"error: the runs differ by more than {arguments.tolerance:g}")


if __name__ == "__main__":
    main()
