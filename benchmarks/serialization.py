# SPDX-License-Identifier: BSD-3-Clause
"""Cases of reading and writing files and buffers, in a folder that is removed at the end. See cases.py."""

import atexit
import io
import os
import pickle
import shutil
import tempfile

import torch
from cases import case

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap


FOLDER = tempfile.mkdtemp(prefix="metatensor-benchmark-")
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)


def block(n_samples: int, n_properties: int) -> TensorBlock:
    index = torch.arange(n_samples, dtype=torch.int32)
    return TensorBlock(
        torch.rand(n_samples, n_properties, dtype=torch.float64),
        Labels(["system", "atom"], torch.stack([index // 100, index % 100], dim=1)),
        [],
        Labels.range("property", n_properties),
    )


def with_gradient(values: TensorBlock) -> TensorBlock:
    n_samples = values.values.shape[0]
    gradient = TensorBlock(
        torch.rand(n_samples, 3, values.values.shape[1], dtype=torch.float64),
        Labels.range("sample", n_samples),
        [Labels.range("xyz", 3)],
        values.properties,
    )
    values.add_gradient("positions", gradient)
    return values


def map_of_blocks(n_blocks: int, n_samples: int, n_properties: int, gradients: bool = False) -> TensorMap:
    blocks = [block(n_samples, n_properties) for _ in range(n_blocks)]
    return TensorMap(Labels.range("key", n_blocks), [with_gradient(b) for b in blocks] if gradients else blocks)


def large_labels() -> Labels:
    index = torch.arange(1_000_000, dtype=torch.int32)
    return Labels(["system", "atom", "type"], torch.stack([index // 100, index % 100, index % 7], dim=1))


# What is saved and loaded: its name, how it is made, and how it is loaded from a file and from a buffer
DATA = {
    "map of 10 MB": (lambda: map_of_blocks(1, 10_000, 128), mts.load, mts.load_buffer),
    "map of 1000 blocks, 1 KB each": (lambda: map_of_blocks(1000, 8, 16), mts.load, mts.load_buffer),
    "map of 1000 blocks, 10 KB each": (lambda: map_of_blocks(1000, 80, 16), mts.load, mts.load_buffer),
    "map of 100 blocks with gradients": (lambda: map_of_blocks(100, 8, 16, True), mts.load, mts.load_buffer),
    "small map": (lambda: map_of_blocks(1, 2, 3), mts.load, mts.load_buffer),
    "labels of 1e6 rows": (large_labels, mts.load_labels, mts.load_labels_buffer),
    "labels of 10 rows": (lambda: Labels.range("a", 10), mts.load_labels, mts.load_labels_buffer),
}


def path_of(name: str) -> str:
    return os.path.join(FOLDER, f"{list(DATA).index(name)}.mts")


def register(name, make, load, load_buffer):
    @case("save", name)
    def _():
        return mts.save, (path_of(name), make())

    @case("load", name)
    def _():
        mts.save(path_of(name), make())
        return load, (path_of(name),)

    @case("save_buffer", name)
    def _():
        return mts.save_buffer, (make(),)

    @case("load_buffer", name)
    def _():
        return load_buffer, (mts.save_buffer(make()),)


for _name, (_make, _load, _load_buffer) in DATA.items():
    register(_name, _make, _load, _load_buffer)


@case("file objects", "save 10 MB")
def _():
    return (lambda data: mts.save(io.BytesIO(), data)), (map_of_blocks(1, 10_000, 128),)


@case("file objects", "load 10 MB")
def _():
    stream = io.BytesIO()
    mts.save(stream, map_of_blocks(1, 10_000, 128))

    def load():
        stream.seek(0)
        return mts.load(stream)

    return load, ()


@case("pickle", "dump 10 MB")
def _():
    return pickle.dumps, (map_of_blocks(1, 10_000, 128),)


@case("pickle", "load 10 MB")
def _():
    return pickle.loads, (pickle.dumps(map_of_blocks(1, 10_000, 128)),)
