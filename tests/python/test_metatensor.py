# SPDX-License-Identifier: BSD-3-Clause
"""Labels, blocks and maps in eager and scripted code, and their files."""

import copy
import io
import os
from typing import List, Tuple

import pytest
import torch

import metatensor.torch as mts
from metatensor.torch import Labels, LabelsEntry, TensorBlock, TensorMap


def example_map() -> TensorMap:
    block = TensorBlock(
        torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64),
        Labels(["system", "atom"], torch.tensor([[0, 0], [0, 1]])),
        [],
        Labels("n", torch.tensor([[5], [6]])),
    )
    return TensorMap(Labels("l", torch.tensor([[2]])), [block])


class Doubler(torch.nn.Module):
    """Uses the classes in annotations, as constructors and through the functions of the package."""

    def forward(self, tensor: TensorMap, entry_index: int) -> TensorMap:
        tensor = mts.load_buffer(mts.save_buffer(tensor))
        entry: LabelsEntry = tensor.keys.entry(entry_index)
        block: TensorBlock = tensor.block(entry)
        doubled = TensorBlock(2 * block.values, block.samples, block.components, block.properties)
        return TensorMap(tensor.keys, [doubled])


def variants(module, tmp_path):
    scripted = torch.jit.script(module)
    torch.jit.save(scripted, str(tmp_path / "module.pt"))
    return [module, scripted, torch.jit.load(str(tmp_path / "module.pt"))]


def test_eager_scripted_and_loaded(tmp_path):
    for module in variants(Doubler(), tmp_path):
        result = module(example_map(), 0)
        assert result.block({"l": 2}).values.tolist() == [[2.0, 4.0], [6.0, 8.0]]
        assert result.block().properties == Labels("n", torch.tensor([[5], [6]]))


def test_pickle_and_copy():
    tensor = copy.deepcopy(example_map())
    assert tensor.keys.names == ["l"]
    assert tensor.block().values.tolist() == [[1.0, 2.0], [3.0, 4.0]]


class Sets(torch.nn.Module):
    """Both forms of each set operation"""

    def forward(self, a: Labels, b: Labels) -> Tuple[List[Labels], List[torch.Tensor]]:
        union, union_a, union_b = a.union_and_mapping(b)
        common, common_a, common_b = a.intersection_and_mapping(b)
        rest, rest_a = a.difference_and_mapping(b)
        labels = [union, a.union(b), common, a.intersection(b), rest, a.difference(b)]
        return labels, [union_a, union_b, common_a, common_b, rest_a]


def test_sets(tmp_path):
    a = Labels(["a", "b"], torch.tensor([[0, 1], [1, 2], [0, 3]]))
    b = Labels(["a", "b"], torch.tensor([[0, 3], [5, 0], [0, 1]]))
    for module in variants(Sets(), tmp_path):
        labels, mappings = module(a, b)
        union, common, rest = [[0, 1], [1, 2], [0, 3], [5, 0]], [[0, 1], [0, 3]], [[1, 2]]
        assert [entry.values.tolist() for entry in labels] == [union, union, common, common, rest, rest]
        assert [mapping.tolist() for mapping in mappings] == [[0, 1, 2], [2, 3, 0], [0, -1, 1], [1, -1, 0], [-1, 0, -1]]


def test_eager_errors_are_those_of_python():
    labels = Labels(["a", "b"], torch.tensor([[1, 2]]))
    with pytest.raises(IndexError):
        labels[1]
    with pytest.raises(TypeError):
        labels[1.5]
    with pytest.raises(ValueError):
        Labels(["a"], torch.tensor([[1, 2]]))
    assert [entry["b"] for entry in labels] == [2]


DATA = [
    (lambda: example_map(), "tensor.mts", mts.load, mts.load_buffer, lambda data: data.block().values),
    (
        lambda: example_map().block().copy(),
        "block.mts",
        mts.load_block,
        mts.load_block_buffer,
        lambda data: data.values,
    ),
    (
        lambda: example_map().keys,
        "labels.npy",
        mts.load_labels,
        mts.load_labels_buffer,
        lambda data: data.values,
    ),
]


@pytest.mark.parametrize("make, name, load, load_buffer, values", DATA, ids=["map", "block", "labels"])
def test_files(make, name, load, load_buffer, values, tmp_path):
    data = make()
    path = tmp_path / name
    mts.save(path, data)
    mts.save(str(tmp_path / ("again-" + name)), data)
    stream = io.BytesIO()
    mts.save(stream, data)
    stream.seek(0)
    assert path.read_bytes() == (tmp_path / ("again-" + name)).read_bytes() == stream.getvalue()

    buffer = mts.save_buffer(data)
    assert bytes(buffer.tolist()) == path.read_bytes()
    with open(path, "rb") as file:
        read = [load(path), load(os.fspath(path)), load(stream), load(file), load_buffer(buffer)]
    for result in read:
        assert torch.equal(values(result), values(data))


def test_empty_stream():
    with pytest.raises((ValueError, RuntimeError)):
        mts.load(io.BytesIO())


class Files(torch.nn.Module):
    def forward(self, path: str, tensor: TensorMap) -> TensorMap:
        mts.save(path, tensor)
        return mts.load(path)


def test_files_in_scripted_code(tmp_path):
    for number, module in enumerate(variants(Files(), tmp_path)):
        path = tmp_path / f"{number}.mts"
        assert module(str(path), example_map()).keys == example_map().keys
        assert path.exists()


def test_dtype_name():
    assert mts.dtype_name(torch.float64) == "torch.float64"
