# SPDX-License-Identifier: BSD-3-Clause
"""Time of a molecular dynamics step with `pair_style metatensor`, by phase, beside LAMMPS's native style.

Run it through scripts/benchmark.sh, which sets the environment. Model and native style take turns, several times; the
table has the medians, in milliseconds of CPU time per step, on one rank and one thread. It is the wall time that LAMMPS
prints, by phase, times the share of a core that LAMMPS had: so what else runs on the machine counts less.
"""

import argparse
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile


ROOT = pathlib.Path(__file__).parents[1]
POTENTIALS = pathlib.Path(os.environ["LAMMPS_POTENTIALS"])

SYSTEMS = {
    "argon": {
        "example": ["lennard_jones.py", "--cutoff", "8.5", "--full-list"],
        "element": "Ar",
        "lattice": "fcc 5.26",
        "mass": 39.948,
        "temperature": 40,
        "skin": 2.0,
        "native": ["pair_style lj/cut 8.5", "pair_coeff 1 1 0.0103 3.405"],
        "cells": {500: (5, 5, 5), 4000: (10, 10, 10), 32000: (20, 20, 20)},
    },
    "silicon": {
        "example": ["stillinger_weber.py", "--parameters", str(POTENTIALS / "Si.sw")],
        "element": "Si",
        "lattice": "diamond 5.431",
        "mass": 28.0855,
        "temperature": 500,
        "skin": 1.0,
        "native": ["pair_style sw", f"pair_coeff * * {POTENTIALS / 'Si.sw'} Si"],
        "cells": {512: (4, 4, 4), 4096: (8, 8, 8), 32768: (16, 16, 16)},
    },
}
PHASES = ["marshal", "forward", "backward", "store"]


def script(system, cells, pair, n_steps):
    x, y, z = cells
    return f"""
units metal
atom_style atomic
lattice {system["lattice"]}
region box block 0 {x} 0 {y} 0 {z}
create_box 1 box
create_atoms 1 box
mass 1 {system["mass"]}
velocity all create {2 * system["temperature"]} 4928
neighbor {system["skin"]} bin
{pair}
fix nve all nve
timestep 0.001
thermo 50
run {n_steps}
"""


def run(folder, text):
    (folder / "in.benchmark").write_text(text)
    command = [os.environ["LMP"], "-nocite", "-in", "in.benchmark"]
    result = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(result.stdout + result.stderr)
    seconds, steps = re.search(r"Loop time of (\S+) on .* for (\d+) steps", result.stdout).groups()
    share = min(1.0, float(re.search(r"(\S+)% CPU use", result.stdout).group(1)) / 100)
    times = {"step": 1e3 * share * float(seconds) / int(steps)}
    for match in re.finditer(r"marshal  \| forward  \| backward \| store\n(.*)", result.stdout):
        times.update((phase, share * float(time)) for phase, time in zip(PHASES, match.group(1).split("|")))
        times["LAMMPS"] = times["step"] - sum(times[phase] for phase in PHASES)
    return times


def medians(samples):
    return {key: statistics.median(sample[key] for sample in samples) for key in samples[0]}


def measure(system, cells, n_steps, repeats, folder, model):
    lines = f"plugin load {os.environ['METATENSOR_PLUGIN']}\npair_style metatensor {model}\n"
    ours = script(system, cells, lines + f"pair_coeff * * {system['element']}", n_steps)
    theirs = script(system, cells, "\n".join(system["native"]), n_steps)
    samples = [(run(folder, ours), run(folder, theirs)) for _ in range(repeats)]
    return medians([sample[0] for sample in samples]), medians([sample[1] for sample in samples])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    parser.add_argument("--largest", type=int, default=10**9, help="leave out systems with more atoms")
    parser.add_argument("--dtype", choices=["float32", "float64"], default="float64")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()

    columns = [*PHASES, "LAMMPS", "step", "native", "ratio"]
    print(f"{'CPU ms per step':>16} " + " ".join(f"{name:>9}" for name in columns))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for key in arguments.systems:
            system = SYSTEMS[key]
            model = folder / f"{key}.pt"
            example, *options = system["example"]
            command = [sys.executable, ROOT / "examples" / "python" / example, *options, "--dtype", arguments.dtype]
            subprocess.run([*command, "--output", model], check=True, capture_output=True)
            for n_atoms, cells in system["cells"].items():
                if n_atoms > arguments.largest:
                    continue
                n_steps = max(20, 400_000 // n_atoms)
                ours, native = measure(system, cells, n_steps, arguments.repeats, folder, model)
                row = [*(ours[phase] for phase in [*PHASES, "LAMMPS", "step"]), native["step"]]
                row.append(ours["step"] / native["step"])
                print(f"{key:>8} {n_atoms:7d} " + " ".join(f"{value:9.3f}" for value in row), flush=True)
    print("LAMMPS: everything but the pair style, mostly neighbor lists; ratio: step / native")


if __name__ == "__main__":
    main()
