# SPDX-License-Identifier: BSD-3-Clause
"""Data to be written with one implementation and read with the other, and what tells whether they are the same.

Both run this file: ``python serialized.py write FOLDER`` writes all data in each way, and ``python serialized.py
digest FOLDER`` reads what is there and prints the digests as JSON. Digests hold names, shapes, types and all bits.
"""

import copy
import hashlib
import io
import json
import pathlib
import pickle
import sys
from typing import Callable, Dict

import metatensor.torch as mts
import torch
from metatensor.torch import Labels, TensorBlock, TensorMap

import metatomic.torch  # noqa: F401, its classes
from metatomic.torch import NeighborListOptions, System


DTYPES = "float16 float32 float64 bool uint8 int8 int16 int32 int64 complex64 complex128".split()


def random_values(shape, dtype: str, seed: int) -> torch.Tensor:
    """Any bits, not-a-number among them; of bool only 0 and 1"""
    generator = torch.Generator().manual_seed(seed)
    size = torch.empty(0, dtype=getattr(torch, dtype)).element_size()
    n_bytes = size * int(torch.tensor(shape).prod())
    raw = torch.randint(0, 2 if dtype == "bool" else 256, (n_bytes,), dtype=torch.uint8, generator=generator)
    return raw.view(getattr(torch, dtype)).reshape(shape) if n_bytes else torch.zeros(shape, dtype=getattr(torch, dtype))


def labels(names, n_rows: int, seed: int = 0) -> Labels:
    generator = torch.Generator().manual_seed(seed)
    values = torch.randint(-(2**31), 2**31 - 1, (n_rows, len(names)), generator=generator)
    return Labels(names, values.to(torch.int32))


def block(n_samples: int, n_properties: int, dtype: str, seed: int = 0) -> TensorBlock:
    components = [labels(["c"], 3, 1), labels(["d"], 1, 2)]
    properties = labels(["n", "l"], n_properties, 3)
    result = TensorBlock(
        random_values([n_samples, 3, 1, n_properties], dtype, seed),
        labels(["system", "atom"], n_samples, 4),
        components,
        properties,
    )
    for parameter, xyz in [("positions", 3), ("strain", 2)]:
        samples = torch.arange(n_samples, dtype=torch.int32).reshape(-1, 1)
        gradient = TensorBlock(
            random_values([n_samples, xyz, 3, 1, n_properties], dtype, seed + xyz),
            Labels(["sample", "other"], torch.cat([samples, samples - 7], dim=1)),
            [labels(["xyz"], xyz, 5)] + components,
            properties,
        )
        result.add_gradient(parameter, gradient)
    return result


def tensor_map(dtype: str) -> TensorMap:
    result = TensorMap(labels(["key", "o3_lambda"], 3), [block(n, 4, dtype, n) for n in [5, 0, 1]])
    result.set_info("unit", "Å \n\"quoted\"")
    result.set_info("empty", "")
    return result


def system(dtype: torch.dtype, with_data: bool = True) -> System:
    result = System(
        torch.tensor([6, 1, -3], dtype=torch.int32),
        torch.arange(9).reshape(3, 3).to(dtype) / 7,
        torch.diag(torch.tensor([1.5, 2.5, 0.0])).to(dtype),
        torch.tensor([True, True, False]),
    )
    names = ["first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"]
    pairs = TensorBlock(
        torch.arange(6).reshape(2, 3, 1).to(dtype) / 3,
        Labels(names, torch.tensor([[0, 1, 0, 0, 0], [1, 2, -1, 0, 0]])),
        [Labels("xyz", torch.arange(3).reshape(-1, 1))],
        Labels("distance", torch.tensor([[0]])),
    )
    result.add_neighbor_list(NeighborListOptions(3.1, full_list=True, strict=False, requestor="a test"), pairs)
    if with_data:
        energy = TensorBlock(
            torch.arange(3).reshape(3, 1).to(dtype),
            Labels(["system", "atom"], torch.tensor([[0, 0], [0, 1], [0, 2]])),
            [],
            Labels("energy", torch.tensor([[0]])),
        )
        result.add_data("tests::energy", TensorMap(Labels("_", torch.tensor([[0]])), [energy]))
    return result


DATA: Dict[str, Callable] = {
    **{f"map-{dtype}": (lambda dtype=dtype: tensor_map(dtype)) for dtype in DTYPES},
    "map-without-blocks": lambda: TensorMap(labels(["k"], 0), []),
    "block": lambda: block(3, 2, "float64"),
    "block-without-properties": lambda: block(2, 0, "float32"),
    "labels": lambda: labels(["a", "b_2"], 100),
    "labels-without-rows": lambda: labels(["a", "b"], 0),
    "system-float64": lambda: system(torch.float64),
    "system-float32": lambda: system(torch.float32),
    "system-float32-pairs-only": lambda: system(torch.float32, with_data=False),
}


def digest_tensor(tensor: torch.Tensor) -> list:
    raw = tensor.contiguous().view(torch.uint8) if tensor.numel() else tensor.new_zeros(0, dtype=torch.uint8)
    return [str(tensor.dtype), list(tensor.shape), hashlib.sha256(bytes(raw.flatten().tolist())).hexdigest()]


def digest(data):
    """JSON that is the same for the same data"""
    kind = data._type().name() if isinstance(data, torch.ScriptObject) else type(data).__name__
    if kind == "Labels":
        return ["Labels", list(data.names), digest_tensor(data.values)]
    if kind == "TensorBlock":
        parts = [data.samples, *data.components, data.properties]
        # the other implementation reads gradients in any order
        gradients = sorted([name, digest(gradient)] for name, gradient in data.gradients())
        return ["TensorBlock", digest_tensor(data.values), [digest(part) for part in parts], gradients]
    if kind == "TensorMap":
        blocks = [digest(data.block_by_id(i)) for i in range(len(data))]
        return ["TensorMap", digest(data.keys), blocks, dict(sorted(data.info().items()))]
    assert kind == "System", kind
    pairs = [[str(o), o.requestors(), digest(data.get_neighbor_list(o))] for o in data.known_neighbor_lists()]
    extra = [[name, digest(data.get_data(name))] for name in data.known_data()]
    return ["System", [digest_tensor(t) for t in (data.types, data.positions, data.cell, data.pbc)], pairs, extra]


class Holder(torch.nn.Module):
    """Has data as an attribute, so that they are in the archive of the scripted module."""

    def __init__(self, data):
        super().__init__()
        self.data = data

    def forward(self):
        return self.data


def write_file(name: str, data, path: str) -> None:
    if name.startswith("system"):
        torch.ops.metatomic.save(path, data)
    else:
        mts.save(path, data)


def read_file(name: str, path: str):
    if name.startswith("system"):
        return torch.ops.metatomic.load_system(path)
    return {"map": mts.load, "block": mts.load_block, "labels": mts.load_labels}[name.split("-")[0]](path)


def write_module(name: str, data, path: str) -> None:
    module = torch.jit.script(Holder(data))
    torch.jit.save(module, path)


# How data get into a file of this extension and out of it again
WAYS = {
    "mta": (write_file, read_file),
    "pt": (write_module, lambda name, path: torch.jit.load(path)()),
    "pickle": (
        lambda name, data, path: pathlib.Path(path).write_bytes(pickle.dumps(data)),
        lambda name, path: pickle.loads(pathlib.Path(path).read_bytes()),
    ),
    "torch": (
        lambda name, data, path: torch.save({"data": data}, path),
        lambda name, path: torch.load(path, weights_only=False)["data"],
    ),
}


def write(folder: pathlib.Path) -> None:
    for name, make in DATA.items():
        for extension, (write_it, _) in WAYS.items():
            write_it(name, make(), str(folder / f"{name}.{extension}"))


def digests(folder: pathlib.Path) -> Dict[str, list]:
    result = {}
    for name in DATA:
        for extension, (_, read) in WAYS.items():
            path = folder / f"{name}.{extension}"
            try:
                result[path.name] = digest(read(name, str(path)))
            except Exception as error:
                result[path.name] = [f"{type(error).__name__}: {error}"]
    return result


def copies(data) -> list:
    """Copies that Python makes"""
    stream = io.BytesIO()
    torch.save(data, stream)
    stream.seek(0)
    return [copy.deepcopy(data), pickle.loads(pickle.dumps(data)), torch.load(stream, weights_only=False)]


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(pathlib.Path(sys.argv[2]))
    else:
        print(json.dumps(digests(pathlib.Path(sys.argv[2]))))
