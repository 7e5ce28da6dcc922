# SPDX-License-Identifier: BSD-3-Clause
"""Molecular dynamics steps of `pair_style metatensor/kk` on a GPU, beside lj/cut/kk: times, counts, memory.

Run it through scripts/gpu.sh, which sets the environment. Argon with the Lennard-Jones model of examples/python, cutoff
8.5 A; prints tables in Markdown:

1. what a step has the GPU do: the difference of two runs of different length, so setup and output do not count;
2. milliseconds per step, and by phase in a run in which each phase waits for the GPU (`timer full sync`);
3. the same for silicon and a model from a file, if there is one: SevenNet-0, say, which examples/python/sevennet.py writes;
4. the largest system that fits.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading


ROOT = pathlib.Path(__file__).parents[2]
OPTIONS = os.environ["METATENSOR_LAMMPS_OPTIONS"].split()
CUTOFF = 8.5
PHASES = ["marshal", "forward", "backward", "store"]
COUNTS = ["kernels", "to_device", "to_host", "bytes_to_device", "bytes_to_host", "synchronisations"]
NO_REBUILD = "neigh_modify every 1000000 delay 1000000 check no"


class MemoryWatch:
    """Largest memory in use on the GPU while it is open, in MB."""

    def __enter__(self):
        command = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits", "-lms", "50"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.first = self.peak = int(self.process.stdout.readline())
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()
        return self

    def _watch(self):
        for line in self.process.stdout:
            if line.strip().isdigit():
                self.peak = max(self.peak, int(line))

    def __exit__(self, *error):
        self.process.terminate()
        self.thread.join()
        self.megabytes = self.peak - self.first


ARGON = "fcc 5.26", 39.948
SILICON = "diamond 5.431", 28.0855


def script(cells, pair, n_steps, more="", warm_up=0, crystal=ARGON):
    lattice, mass = crystal
    return f"""
units metal
atom_style atomic
lattice {lattice}
region box block 0 {cells} 0 {cells} 0 {cells}
create_box 1 box
create_atoms 1 box
mass 1 {mass}
velocity all create 80 4928
neighbor 2.0 bin
{pair}
fix nve all nve
timestep 0.001
thermo 1000000
{more}
run {warm_up}
run {n_steps}
"""


class Runs:
    def __init__(self, folder):
        self.folder = folder
        self.native = f"pair_style lj/cut {CUTOFF}\npair_coeff 1 1 0.0103 3.405"
        self.models = {}
        for dtype in ["float64", "float32"]:
            model = folder / f"{dtype}.pt"
            command = [sys.executable, ROOT / "examples/python/lennard_jones.py", "--cutoff", str(CUTOFF)]
            subprocess.run([*command, "--dtype", dtype, "--output", model], check=True, capture_output=True)
            self.models[dtype] = self.of_model(model, "Ar")

    @staticmethod
    def of_model(path, element):
        return f"plugin load {os.environ['METATENSOR_PLUGIN']}\npair_style metatensor {path}\npair_coeff * * {element}"

    def run(self, text, environment=None):
        """What LAMMPS printed, or None if it failed"""
        (self.folder / "in.steps").write_text(text)
        command = [os.environ["LMP"], "-nocite", "-log", "none", "-in", "in.steps", *OPTIONS]
        result = subprocess.run(
            command,
            cwd=self.folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.output = result.stdout
        return result.stdout if result.returncode == 0 else None

    def milliseconds(self, *arguments, **options):
        output = self.run(script(*arguments, **options))
        if output is None:
            sys.exit(self.output[-3000:])
        seconds, steps = re.findall(r"Loop time of (\S+) on .* for (\d+) steps", output)[-1]
        times = {"step": 1e3 * float(seconds) / int(steps)}
        phases = re.findall(r"marshal  \| forward  \| backward \| store\n(.*)", output)
        if phases:
            times.update(zip(PHASES, map(float, phases[-1].split("|")), strict=True))
        return times

    def counts(self, cells, pair, more):
        """Counts of CUPTI per step"""
        totals = []
        for n_steps in [100, 200]:
            path = self.folder / "counts.json"
            path.unlink(missing_ok=True)
            injected = {"CUDA_INJECTION64_PATH": os.environ["CUDA_COUNTS_LIBRARY"], "CUDA_COUNTS_FILE": str(path)}
            if self.run(script(cells, pair, n_steps, more), injected) is None:
                sys.exit(self.output[-3000:])
            if not path.is_file():
                sys.exit("no counts were written: " + self.output[-1000:])
            totals.append(json.loads(path.read_text()))
        return {name: (totals[1][name] - totals[0][name]) / 100 for name in COUNTS}


def print_row(*cells):
    print("| " + " | ".join(cell if isinstance(cell, str) else f"{cell:.3g}" for cell in cells) + " |", flush=True)


def print_head(*titles):
    print_row(*titles)
    print_row(*["---"] + ["--:"] * (len(titles) - 1))


def times_table(runs, all_cells):
    print("\nMilliseconds a step; the phases in a run of their own, in which each waits for the GPU\n")
    head = ["atoms, dtype", "lj/cut/kk", "step", *PHASES, "marshal + store, of forward + backward"]
    head += ["marshal, no rebuild", "memory", "of lj/cut/kk"]
    print_head(*head)
    for cells in all_cells:
        n_steps = 500 if cells < 20 else 200 if cells < 40 else 100
        with MemoryWatch() as native_memory:
            native = runs.milliseconds(cells, runs.native, n_steps, warm_up=100)
        for dtype, pair in runs.models.items():
            with MemoryWatch() as memory:
                step = runs.milliseconds(cells, pair, n_steps, warm_up=100)["step"]
            phases = runs.milliseconds(cells, pair, n_steps, more="timer full sync", warm_up=100)
            between = runs.milliseconds(cells, pair, n_steps, more=f"timer full sync\n{NO_REBUILD}", warm_up=100)
            share = (phases["marshal"] + phases["store"]) / (phases["forward"] + phases["backward"])
            row = [f"{4 * cells**3:,}, {dtype}", native["step"], step, *(phases[phase] for phase in PHASES)]
            memories = [f"{watch.megabytes:,} MB" for watch in (memory, native_memory)]
            print_row(*row, f"{100 * share:.1f} %", between["marshal"], *memories)


def model_table(runs, path, all_cells):
    print(f"\nSilicon and {path.name}, milliseconds a step, as above\n")
    print_head("atoms", "step", *PHASES, "marshal + store, of forward + backward", "memory")
    pair = runs.of_model(path.absolute(), "Si")
    for cells in all_cells:
        name = f"{8 * cells**3:,}"
        if runs.run(script(cells, pair, 3, crystal=SILICON)) is None:
            error = re.findall(r".*out of memory.*|ERROR.*", runs.output) or [runs.output[-300:]]
            print_row(name, error[0].strip()[:100].replace("|", "/"))
            break
        with MemoryWatch() as memory:
            step = runs.milliseconds(cells, pair, 20, warm_up=10, crystal=SILICON)["step"]
        phases = runs.milliseconds(cells, pair, 20, more="timer full sync", warm_up=10, crystal=SILICON)
        share = (phases["marshal"] + phases["store"]) / (phases["forward"] + phases["backward"])
        print_row(name, step, *(phases[phase] for phase in PHASES), f"{100 * share:.2g} %", f"{memory.megabytes:,} MB")


def counts_table(runs, cells):
    print(f"\nOn the GPU per step without output, {4 * cells**3:,} atoms\n")
    print_head("", *(name.replace("_", " ") for name in COUNTS))
    for name, more in [
        ("between rebuilds", NO_REBUILD),
        ("with a rebuild in every tenth step", "neigh_modify every 10 delay 0 check no"),
    ]:
        for style, pair in [("lj/cut/kk", runs.native), ("metatensor/kk", runs.models["float64"])]:
            counts = runs.counts(cells, pair, more)
            print_row(f"{style}, {name}", *(counts[count] for count in COUNTS))


def largest_systems(runs, all_cells):
    print("\nLargest systems\n")
    print_head("atoms, dtype", "ms a step", "memory")
    for dtype, pair in runs.models.items():
        for cells in all_cells:
            with MemoryWatch() as memory:
                output = runs.run(script(cells, pair, 20))
            name = f"{4 * cells**3:,}, {dtype}"
            if output is None:
                error = re.findall(r"ERROR.*|.*out of memory.*", runs.output) or [runs.output[-300:]]
                print_row(name, error[0].strip()[:100].replace("|", "/"), "")
                break
            seconds, steps = re.findall(r"Loop time of (\S+) on .* for (\d+) steps", output)[-1]
            print_row(name, 1e3 * float(seconds) / int(steps), f"{memory.megabytes:,} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--cells", type=int, nargs="*", default=[7, 14, 29, 63], help="fcc cells along each edge")
    parser.add_argument("--large", type=int, nargs="*", default=[80, 100, 112, 126, 141, 159], help="likewise")
    parser.add_argument("--model", type=pathlib.Path, help="a saved model that knows silicon")
    parser.add_argument("--model-cells", type=int, nargs="*", default=[5, 11, 16, 23], help="diamond cells likewise")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        runs = Runs(pathlib.Path(name))
        if "CUDA_COUNTS_LIBRARY" in os.environ:
            counts_table(runs, arguments.cells[min(1, len(arguments.cells) - 1)])
        times_table(runs, arguments.cells)
        if arguments.model:
            model_table(runs, arguments.model, arguments.model_cells)
        largest_systems(runs, arguments.large)


if __name__ == "__main__":
    main()
