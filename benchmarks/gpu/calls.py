# SPDX-License-Identifier: BSD-3-Clause
"""Times calls of Labels, blocks, operations and atomistic models on a GPU, and counts what they have it do.

Runs unchanged with this library and with another implementation of its interface: ``python calls.py [--device cuda]``
prints a line of JSON for each case. Each call gets new objects, made and waited for before the clock starts: values and
samples were born on the device, keys and properties, as the constants of a model, on the host. The time is that until
the device has finished, the median of several calls.

When the library of cuda_counts.cpp is injected into the process, counts per call are printed instead of times: they
need CUPTI, which makes all calls slower.
"""

import argparse
import ctypes
import json
import os
import statistics
import time
from typing import Dict, List, Optional

import torch

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import (
    AtomisticModel,
    ModelCapabilities,
    ModelEvaluationOptions,
    ModelMetadata,
    ModelOutput,
    NeighborListOptions,
    System,
)


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--device", default="cuda", help="where the data lies")
parser.add_argument("--repeats", type=int, default=15, help="how often each call is timed")
OPTIONS = parser.parse_args()
DEVICE = OPTIONS.device
FLOAT64 = {"dtype": torch.float64, "device": DEVICE}


# --- data


def born_there(names: List[str], columns: List[torch.Tensor]) -> Labels:
    """Labels from columns that are on the device"""
    return Labels(names, torch.stack(columns, dim=1).to(torch.int32), assume_unique=True)


def constant(names: List[str], rows: torch.Tensor) -> Labels:
    """Labels that a model has as a constant: made on the host, moved to the device with the model"""
    return Labels(names, rows.to(torch.int32).reshape(-1, len(names)), assume_unique=True).to(DEVICE)


def atoms(n_samples: int) -> Labels:
    places = torch.arange(n_samples, device=DEVICE)
    return born_there(["system", "atom"], [places // 20, places % 20])


def block(n_samples: int, n_properties: int, n_components: int = 1) -> TensorBlock:
    places = torch.arange(n_properties)
    return TensorBlock(
        torch.rand([n_samples, n_components, n_properties], **FLOAT64),
        atoms(n_samples),
        [constant(["m"], torch.arange(n_components))],
        constant(["n", "l"], torch.stack([places // 8, places % 8], dim=1)),
    )


KEYS = torch.tensor([[ell, i, j] for ell in range(7) for i in range(4) for j in range(4)])


def equivariant() -> TensorMap:
    """112 blocks as of a spherical expansion: 7 angular channels and 4 x 4 pairs of types"""
    blocks = [block(40, 8, 2 * ell + 1) for ell in KEYS[:, 0].tolist()]
    return TensorMap(constant(["o3_lambda", "center", "neighbor"], KEYS), blocks)


def invariant() -> TensorMap:
    """112 blocks that have the same components"""
    return TensorMap(constant(["n1", "center", "neighbor"], KEYS), [block(40, 8) for _ in range(len(KEYS))])


def one(n_samples: int, n_properties: int) -> TensorMap:
    return TensorMap(constant(["key"], torch.zeros(1)), [block(n_samples, n_properties)])


def one_row_systems() -> List[TensorMap]:
    """Energies of 16 systems with their gradients"""
    maps = []
    for system in range(16):
        energy = TensorBlock(
            torch.rand(1, 1, **FLOAT64),
            born_there(["system"], [torch.full([1], system, device=DEVICE)]),
            [],
            constant(["energy"], torch.zeros(1)),
        )
        places = torch.arange(20, device=DEVICE)
        gradient = TensorBlock(
            torch.rand(20, 3, 1, **FLOAT64),
            born_there(["sample", "atom"], [torch.zeros_like(places), places]),
            [constant(["xyz"], torch.arange(3))],
            energy.properties,
        )
        energy.add_gradient("positions", gradient)
        maps.append(TensorMap(constant(["_"], torch.zeros(1)), [energy]))
    return maps


def rows(n_rows: int, order: str, seed: int = 0) -> torch.Tensor:
    """Half of the rows (system, atom, type) of a universe with twice as many, drawn with ``seed``."""
    generator = torch.Generator().manual_seed(seed)
    places = torch.randperm(2 * n_rows, generator=generator)[:n_rows]
    if order == "sorted":
        places = places.sort().values
    return torch.stack([places // 50, places % 50, places % 7], dim=1).to(torch.int32).to(DEVICE)


LABEL_NAMES = ["system", "atom", "type"]


def labels(n_rows: int, order: str, seed: int = 0) -> Labels:
    return Labels(LABEL_NAMES, rows(n_rows, order, seed), assume_unique=True)


class Springs(torch.nn.Module):
    """Energy of springs along the pairs: a few kernels, as a small model has them."""

    def __init__(self):
        super().__init__()
        self.request = NeighborListOptions(2.0, True, True)
        self.properties = Labels("energy", torch.tensor([[0]]))
        self.keys = Labels("_", torch.tensor([[0]]))

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        return [self.request]

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels]
    ) -> Dict[str, TensorMap]:
        energies: List[torch.Tensor] = []
        for system in systems:
            vectors = system.get_neighbor_list(self.request).values.reshape(-1, 3)
            energies.append(((vectors.square().sum(dim=1) - 1.0) ** 2).sum())
        values = torch.stack(energies).reshape(-1, 1)
        samples = Labels("system", torch.arange(len(systems), device=values.device).reshape(-1, 1))
        block = TensorBlock(values, samples, [], self.properties.to(values.device))
        return {"energy": TensorMap(self.keys.to(values.device), [block])}


def atomistic() -> torch.jit.ScriptModule:
    capabilities = ModelCapabilities(
        outputs={"energy": ModelOutput(unit="eV")},
        atomic_types=[1, 8],
        interaction_range=2.0,
        length_unit="angstrom",
        supported_devices=["cuda", "cpu"],
        dtype="float64",
    )
    return torch.jit.script(AtomisticModel(Springs().eval(), ModelMetadata(), capabilities)).to(DEVICE)


N_ATOMS = 100
N_PAIRS = 1000
MODEL = atomistic()
REQUEST = MODEL.requested_neighbor_lists()[0]


class EngineArrays:
    """What an engine has on the device."""

    def __init__(self):
        self.types = torch.tensor([1, 8] * (N_ATOMS // 2), dtype=torch.int32, device=DEVICE)
        self.positions = torch.rand(N_ATOMS, 3, **FLOAT64)
        self.cell = torch.zeros(3, 3, **FLOAT64)
        self.pbc = torch.zeros(3, dtype=torch.bool, device=DEVICE)
        places = torch.arange(N_PAIRS, device=DEVICE)
        zeros = torch.zeros_like(places)
        self.pairs = torch.stack([places % N_ATOMS, (places + 1) % N_ATOMS, places // N_ATOMS, zeros, zeros], dim=1)
        self.pairs = self.pairs.to(torch.int32)
        self.vectors = torch.rand(N_PAIRS, 3, 1, **FLOAT64)


PAIR_NAMES = ["first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"]
PAIR_COMPONENTS = [constant(["xyz"], torch.arange(3))]
PAIR_PROPERTIES = constant(["distance"], torch.zeros(1))


def make_system(arrays: EngineArrays) -> System:
    system = System(arrays.types, arrays.positions, arrays.cell, arrays.pbc)
    samples = Labels(PAIR_NAMES, arrays.pairs, assume_unique=True)
    system.add_neighbor_list(REQUEST, TensorBlock(arrays.vectors, samples, PAIR_COMPONENTS, PAIR_PROPERTIES))
    return system


# --- cases: name, how arguments are made, call

CASES = []


def case(name, make_arguments, call):
    CASES.append((name, make_arguments, call))


def both_sizes(name, call, large):
    case(f"{name}, one block of {large[0]} x {large[1]}", lambda: one(*large), call)
    case(f"{name}, 112 blocks", equivariant, call)


for order in ["sorted", "shuffled"]:
    case(
        f"Labels of 1e6 x 3 rows, {order}, uniqueness checked",
        lambda order=order: rows(1_000_000, order),
        lambda values: Labels(LABEL_NAMES, values),
    )
case("first position in 1e6 rows", lambda: labels(1_000_000, "shuffled"), lambda where: where.position([1, 2, 3]))
for name in ["union_and_mapping", "intersection_and_mapping", "difference_and_mapping"]:
    case(
        f"{name}, 1e6 rows",
        lambda: (labels(1_000_000, "shuffled"), labels(1_000_000, "shuffled", seed=1)),
        lambda pair, name=name: getattr(pair[0], name)(pair[1]),
    )
case("keys_to_samples, 112 blocks", invariant, lambda tensor: tensor.keys_to_samples("center"))
case("keys_to_properties, 112 blocks", invariant, lambda tensor: tensor.keys_to_properties("neighbor"))

large, larger = (10_000, 128), (100_000, 64)
for name in ["add", "multiply"]:
    for size, make in [(f"one block of {large[0]} x {large[1]}", lambda: one(*large)), ("112 blocks", equivariant)]:
        case(
            f"{name}, {size}",
            lambda make=make: (make(), make()),
            lambda pair, name=name: getattr(mts, name)(pair[0], pair[1]),
        )
case("add, 112 blocks and a number", equivariant, lambda tensor: mts.add(tensor, 1.0))
for name in ["sum_over_samples", "mean_over_samples", "std_over_samples"]:
    both_sizes(name, lambda tensor, name=name: getattr(mts, name)(tensor, "atom"), larger)
both_sizes("sum_over_properties", lambda tensor: mts.sum_over_properties(tensor, "l"), larger)
case("join of 16 one-row systems with gradients", one_row_systems, lambda maps: mts.join(maps, "samples"))
case(
    "join of two maps of 112 blocks along properties",
    lambda: (equivariant(), equivariant()),
    lambda pair: mts.join(list(pair), "properties", add_dimension="map"),
)
SELECTION = constant(["system"], torch.tensor([0]))
PARTS = [constant(["system"], torch.tensor([2 * i, 2 * i + 1])) for i in range(10)]
case("slice of samples, 112 blocks", equivariant, lambda tensor: mts.slice(tensor, "samples", SELECTION))
case("split of samples in 10, one block", lambda: one(400, 8), lambda tensor: mts.split(tensor, "samples", PARTS))
case("sort, 112 blocks", equivariant, lambda tensor: mts.sort(tensor, "samples"))
case("equal, 112 blocks", lambda: (equivariant(), equivariant()), lambda pair: mts.equal(*pair))
case("equal_metadata, 112 blocks", lambda: (equivariant(), equivariant()), lambda pair: mts.equal_metadata(*pair))
TYPES = constant(["type"], torch.arange(4))
case(
    "one_hot of 100 labels",
    lambda: born_there(["type"], [torch.arange(100, device=DEVICE) % 4]),
    lambda samples: mts.one_hot(samples, TYPES),
)

case("System of an engine's tensors, with a neighbor list", EngineArrays, make_system)


EVALUATION = ModelEvaluationOptions("angstrom", {"energy": ModelOutput(unit="eV")}, None)
for name, n_systems, check in [("", 1, False), (", checked", 1, True), (", 32 systems", 32, False)]:
    case(
        f"AtomisticModel, scripted{name}",
        lambda n_systems=n_systems: [make_system(EngineArrays()) for _ in range(n_systems)],
        lambda systems, check=check: MODEL(systems, EVALUATION, check),
    )


# --- measurements


def wait():
    if DEVICE != "cpu":
        torch.cuda.synchronize()


def counter():
    """A function that gives all counts so far, or nothing if no library counts."""
    path = os.environ.get("CUDA_INJECTION64_PATH")
    if not path:
        return None
    library = ctypes.CDLL(path)
    names = ctypes.POINTER(ctypes.c_char_p)()
    n_names = library.cuda_counts_names(ctypes.byref(names))

    def read() -> Dict[str, int]:
        values = (ctypes.c_int64 * n_names)()
        library.cuda_counts_read(values)
        return {names[i].decode(): values[i] for i in range(n_names)}

    return read


def count_calls(make, call, read, n_calls: int = 4) -> Dict[str, float]:
    """Counts per call; two calls come before. What waiting for the end costs is not of the call."""
    for _ in range(2):
        call(make())
    wait()
    waiting = [read()]
    wait()
    waiting.append(read())
    total: Dict[str, int] = {}
    for _ in range(n_calls):
        argument = make()
        wait()
        before = read()
        result = call(argument)
        wait()
        after = read()
        del result
        for name, value in after.items():
            total[name] = total.get(name, 0) + value - before[name] - (waiting[1][name] - waiting[0][name])
    return {name: value / n_calls for name, value in total.items()}


def time_calls(make, call) -> Dict[str, float]:
    for _ in range(3):
        call(make())
    times = []
    for _ in range(OPTIONS.repeats):
        argument = make()
        wait()
        start = time.perf_counter()
        result = call(argument)
        wait()
        times.append(time.perf_counter() - start)
        del result
    return {"milliseconds": 1e3 * statistics.median(times)}


def main():
    read = counter()
    for name, make, call in CASES:
        try:
            result = count_calls(make, call, read) if read else time_calls(make, call)
        except Exception as error:
            result = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
        print(json.dumps({"case": name, **result}), flush=True)


main()
