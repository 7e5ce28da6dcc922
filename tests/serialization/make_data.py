# SPDX-License-Identifier: BSD-3-Clause
"""Writes the files in `data/`, with the implementation that these formats come from.

Run in an environment that has the packages metatensor-torch 0.10.8, metatomic-torch 0.1.19 and numpy::

    python tests/serialization/make_data.py
"""

import io
import pathlib
import zipfile

import numpy as np
import torch
from metatensor.torch import Labels, TensorBlock, TensorMap, save

import metatomic.torch
from metatomic.torch import NeighborListOptions, System

DATA = pathlib.Path(__file__).parent / "data"


def block() -> TensorBlock:
    properties = Labels("n", torch.tensor([[0], [1]]))
    result = TensorBlock(
        values=torch.tensor([[1.5, -2.0]], dtype=torch.float64),
        samples=Labels(["system", "atom"], torch.tensor([[0, 7]])),
        components=[],
        properties=properties,
    )
    result.add_gradient(
        "positions",
        TensorBlock(
            values=torch.tensor([[[0.25, 4.0]]], dtype=torch.float64),
            samples=Labels("sample", torch.tensor([[0]])),
            components=[Labels("xyz", torch.tensor([[2]]))],
            properties=properties,
        ),
    )
    return result


def tensor_map() -> TensorMap:
    result = TensorMap(Labels("type", torch.tensor([[-6]])), [block()])
    result.set_info("unit", "Å")
    return result


def system() -> System:
    """In float32, with neighbors: the implementation that wrote it can not read it."""
    result = System(
        types=torch.tensor([1, 8], dtype=torch.int32),
        positions=torch.tensor([[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]]),
        cell=10.0 * torch.eye(3),
        pbc=torch.tensor([True, True, True]),
    )
    neighbors = TensorBlock(
        values=torch.tensor([1.0, 2.0, 3.0]).reshape(1, 3, 1),
        samples=Labels(
            ["first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"],
            torch.tensor([[0, 1, 0, 0, 0]]),
        ),
        components=[Labels("xyz", torch.tensor([[0], [1], [2]]))],
        properties=Labels("distance", torch.tensor([[0]])),
    )
    result.add_neighbor_list(NeighborListOptions(4.5, full_list=True, strict=False, requestor="test"), neighbors)
    return result


def written_by_numpy() -> None:
    """A block whose arrays come from NumPy, with the types that it writes in its own way."""
    arrays = {
        "values": np.array([[1, 200]], dtype=np.uint8),
        "samples": np.array([(3,)], dtype=[("s", ">i4")]),
        "properties": np.array([(0,), (1,)], dtype=[("p", "<i4")]),
    }
    with zipfile.ZipFile(DATA / "numpy_block.mts", "w") as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.save(buffer, array)
            info = zipfile.ZipInfo(f"{name}.npy", (2000, 1, 1, 0, 0, 0))
            archive.writestr(info, buffer.getvalue())


if __name__ == "__main__":
    save(str(DATA / "labels.mts"), block().samples)
    save(str(DATA / "block.mts"), block())
    save(str(DATA / "tensor_map.mts"), tensor_map())
    metatomic.torch.save(str(DATA / "system.mta"), system())
    written_by_numpy()
