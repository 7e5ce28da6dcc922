# SPDX-License-Identifier: BSD-3-Clause
"""What `pair_style metatensor/kk` costs beside the model: time and memory per atom, beside the force kernel of `lj/cut/kk`.

Run it through scripts/benchmark.sh --marshalling, which sets the environment. Liquid-like argon with all pairs within 8.5 Å
(71 of the 133 in the neighbor list) and a model that adds up their vectors. Runs take turns; the table has medians:

  marshal    positions, types and pairs for the model, in steps between two rebuilds of LAMMPS's list
  rebuild    the same in a step with a rebuild, without what LAMMPS does then
  store      from derivatives to forces, virial, and into LAMMPS's arrays
  fill       to write one number to all of the memory that the pairs take, which marshal can not be quicker than
  lj/cut/kk  LAMMPS's force kernel on the same atoms and threads, which has each pair once

all in microseconds per atom; ratio is marshal / lj/cut/kk; bytes per atom are what the plugin holds between two steps, and what
the vectors and labels of the pairs take, which the model reads.
"""

import argparse
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Dict, List, Optional

import torch

from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import (
    AtomisticModel,
    ModelCapabilities,
    ModelMetadata,
    ModelOutput,
    NeighborListOptions,
    System,
)


CUTOFF = 8.5
BYTES_OF_PAIRS = 71 * 44  # of an atom: vectors in float64, samples
CELLS = {1_372: (7, 7, 7), 10_976: (14, 14, 14), 97_556: (29, 29, 29), 1_000_188: (63, 63, 63)}
PHASES = ["marshal", "forward", "backward", "store"]


class SumOfVectors(torch.nn.Module):
    """The least that a model can do with its pairs."""

    def __init__(self):
        super().__init__()
        self.request = NeighborListOptions(CUTOFF, True, True, "benchmark")

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        return [self.request]

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        vectors = systems[0].get_neighbor_list(self.request).values
        energy = 1e-9 * vectors.sum().reshape(1, 1)
        one = torch.zeros(1, 1, dtype=torch.int32, device=vectors.device)
        block = TensorBlock(energy, Labels("system", one), torch.jit.annotate(List[Labels], []), Labels("energy", one))
        return {"energy": TensorMap(Labels("_", one), [block])}


def save_model(path):
    capabilities = ModelCapabilities(
        outputs={"energy": ModelOutput(unit="eV", sample_kind="system")},
        atomic_types=[18],
        interaction_range=CUTOFF,
        length_unit="angstrom",
        supported_devices=["cpu", "cuda"],
        dtype="float64",
    )
    AtomisticModel(SumOfVectors().eval(), ModelMetadata(), capabilities).save(str(path))


def run(folder, cells, pair, n_steps, rebuild_every, n_threads, kokkos=True):
    """Wall times per step and atom in microseconds, by phase or of the pair style; and bytes per atom."""
    x, y, z = cells
    (folder / "in.benchmark").write_text(f"""
units metal
atom_style atomic
lattice fcc 5.26
region box block 0 {x} 0 {y} 0 {z}
create_box 1 box
create_atoms 1 box
mass 1 39.948
displace_atoms all random 0.1 0.1 0.1 1
velocity all create 1 4928
neighbor 2.0 bin
neigh_modify delay 0 every {rebuild_every} check no
{pair}
fix nve all nve
timestep 0.0001
thermo 1000000
run {n_steps}
""")
    command = [os.environ["LMP"], "-nocite", "-in", "in.benchmark"]
    if kokkos:
        command += ["-k", "on", "t", str(n_threads), "-sf", "kk"]
    result = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(result.stdout[-2000:] + result.stderr)
    n_atoms = int(re.search(r"Loop time of .* with (\d+) atoms", result.stdout).group(1))
    # the share of its cores that LAMMPS had: what else runs on the machine counts less
    share = min(1.0, float(re.search(r"(\S+)% CPU use", result.stdout).group(1)) / 100 / n_threads)
    times = {"pair": 1e6 * share * float(re.search(r"^Pair +\| *(\S+)", result.stdout, re.MULTILINE).group(1)) / n_steps}
    phases = re.search(r"marshal  \| forward  \| backward \| store\n(.*)", result.stdout)
    if phases:
        times.update((phase, 1e3 * share * float(time)) for phase, time in zip(PHASES, phases.group(1).split("|")))
    times = {name: time / n_atoms for name, time in times.items()}
    held = re.search(r"held between steps: .*, (\d+) bytes per atom, and (\d+)", result.stdout)
    if held:
        times["held"], times["pairs"] = map(float, held.groups())
    return times


def microseconds_to_fill(n_bytes, n_threads):
    """Median of a few turns, with memory that was written before."""
    torch.set_num_threads(n_threads)
    memory = torch.zeros(int(n_bytes) // 8, dtype=torch.int64)
    times = []
    for value in range(7):
        start = time.perf_counter()
        memory.fill_(value)
        times.append(time.perf_counter() - start)
    return 1e6 * statistics.median(times)


def measure(folder, cells, n_steps, n_threads, style, repeats):
    """Medians of runs that take turns."""
    model = f"plugin load {os.environ['METATENSOR_PLUGIN']}\npair_style metatensor {folder / 'model.pt'}\npair_coeff * * 18\n"
    native = f"pair_style lj/cut {CUTOFF}\npair_coeff 1 1 0.0103 3.405\n"
    never = 1_000_000
    samples = []
    for _ in range(repeats):
        between = run(folder, cells, model, n_steps, never, n_threads, style == "kk")
        rebuild = run(folder, cells, model, max(3, n_steps // 4), 1, n_threads, style == "kk")
        kernel = run(folder, cells, native, n_steps, never, n_threads)
        samples.append({**between, "rebuild": rebuild["marshal"], "kernel": kernel["pair"]})
    return {name: statistics.median(sample[name] for sample in samples) for name in samples[0]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--largest", type=int, default=10**9, help="leave out systems with more atoms; 10^6 take 8 GB")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()

    columns = ["marshal", "rebuild", "store", "fill", "lj/cut/kk", "ratio", "held", "of pairs"]
    print(f"{'style':>8} {'atoms':>8} {'threads':>8} " + " ".join(f"{name:>9}" for name in columns))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        save_model(folder / "model.pt")
        for n_atoms, cells in CELLS.items():
            if n_atoms > arguments.largest:
                continue
            for style, n_threads in [("plain", 1), *(("kk", threads) for threads in arguments.threads)]:
                n_steps = min(1000, max(5, 1_000_000 // n_atoms))
                found = measure(folder, cells, n_steps, n_threads, style, arguments.repeats)
                fill = microseconds_to_fill(BYTES_OF_PAIRS * n_atoms, n_threads) / n_atoms
                row = [found["marshal"], found["rebuild"], found["store"], fill, found["kernel"]]
                row.append(found["marshal"] / found["kernel"])
                numbers = " ".join(f"{value:9.3f}" for value in row)
                print(f"{style:>8} {n_atoms:8d} {n_threads:8d} {numbers} {found['held']:9.0f} {found['pairs']:9.0f}", flush=True)


if __name__ == "__main__":
    main()
