# SPDX-License-Identifier: BSD-3-Clause
"""Whose memory is read and written: that of arguments, of labels that somebody changes, of copies that are kept."""

import pytest
import torch
from make_data import Data
from torch._subclasses.fake_tensor import FakeTensorMode

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap


def labels(names, rows, **options) -> Labels:
    return Labels(names, torch.tensor(rows, dtype=torch.int32).reshape(len(rows), len(names)), **options)


def leaves_of(block: TensorBlock):
    return [block.values, *(gradient.values for _, gradient in block.gradients())]


# ---------------------------------------------------------------------------------------------- results are no views

SYSTEMS = labels(["system"], [[2], [3]])
COPIES = {
    "slice of all samples": lambda m: mts.slice(m, "samples", SYSTEMS),
    "slice of all properties": lambda m: mts.slice(m, "properties", labels(["q"], [[5], [4], [3]])),
    "split in one part": lambda m: mts.split(m, "samples", [SYSTEMS])[0],
    "split in its own order": lambda m: mts.split(m, "samples", [labels(["system"], [[i]]) for i in (2, 3)])[0],
    "sort of what is sorted": lambda m: mts.sort(m),
    "sort of keys": lambda m: mts.sort(m, "keys"),
    "last component": lambda m: m.components_to_properties("c_0"),
    "union of keys": lambda m: mts.join([m, other_key(m)], "samples", different_keys="union"),
}


def other_key(tensor: TensorMap) -> TensorMap:
    return TensorMap(labels(["k", "l"], [[77, 7]]), [tensor.block(0).copy()])


@pytest.mark.parametrize("name", COPIES)
@pytest.mark.parametrize("requires_grad", [False, True])
def test_who_changes_a_result_does_not_change_the_argument(name, requires_grad):
    tensor = mts.sort(Data(requires_grad=requires_grad).map(0, n_properties=3))
    before = [leaf.detach().clone() for block in tensor.blocks() for leaf in leaves_of(block)]
    for block in COPIES[name](tensor).blocks():
        for values in leaves_of(block):
            values.mul_(2)  # also where autograd records: no part is one of several views
    after = [leaf.detach() for block in tensor.blocks() for leaf in leaves_of(block)]
    assert all(map(torch.equal, after, before))


def test_parts_can_be_changed_before_a_backward_pass():
    data = Data(requires_grad=True)
    block = data.block(0, gradients=False)
    for order in ([[0, 1], [2, 3]], [[3, 1], [0, 2]]):
        first, second = mts.split_block(block, "samples", order)
        first.values.mul_(2)
        second.values.mul_(3)
        (gradient,) = torch.autograd.grad(first.values.sum() + second.values.sum(), data.leaves[0])
        assert [gradient[i].unique().item() for i in order[0]] == [2.0, 2.0]
        assert [gradient[i].unique().item() for i in order[1]] == [3.0, 3.0]


def test_results_without_autograd_are_leaves():
    tensor = Data(requires_grad=True).map(0, n_properties=3)
    with torch.no_grad():
        for make in COPIES.values():
            assert not any(block.values.requires_grad for block in make(tensor).blocks())


# ------------------------------------------------------------------------------------- labels that somebody changes


def block_with_changed_gradient(sample: int) -> TensorBlock:
    """Block whose gradient says that its second row belongs to `sample`, after that was checked"""
    rows = torch.tensor([[0, 0], [1, 0]], dtype=torch.int32)
    block = TensorBlock(
        torch.ones(3, 2, dtype=torch.float64), labels(["s"], [[2], [0], [1]]), [], Labels.range("p", 2)
    )
    gradient = TensorBlock(
        torch.ones(2, 2, dtype=torch.float64), Labels(["sample", "g"], rows), [], block.properties
    )
    block.add_gradient("g", gradient)
    rows[1, 0] = sample
    return block


CHANGED = {
    "multiply": lambda a, b: mts.multiply(a, a),
    "divide": lambda a, b: mts.divide(a, a),
    "pow": lambda a, b: mts.pow(a, 3.0),
    "sum_over_samples": lambda a, b: mts.sum_over_samples(a, "s"),
    "slice": lambda a, b: mts.slice(a, "samples", labels(["s"], [[0]])),
    "split": lambda a, b: mts.split(a, "samples", [[0], [1, 2]]),
    "sort": lambda a, b: mts.sort(a),
    "keys_to_samples": lambda a, b: TensorMap(
        labels(["k"], [[0], [1]]), [t.block(0).copy() for t in (a, b)]
    ).keys_to_samples("k"),
}


@pytest.mark.parametrize("name", CHANGED)
@pytest.mark.parametrize("sample", [3, 100_000_000, -1, -(2**31)])
def test_places_in_changed_labels_are_an_error(name, sample):
    changed, other = (TensorMap(Labels.single(), [block_with_changed_gradient(s)]) for s in (sample, 2))
    CHANGED[name](other, other)
    with pytest.raises(IndexError):
        CHANGED[name](changed, other)


def test_places_in_changed_gradients_of_gradients_are_an_error():
    """Only these are looked up when blocks are joined along their properties"""
    rows = torch.tensor([[0], [1]], dtype=torch.int32)
    blocks = []
    for samples in [[[0], [1]], [[1], [0]]]:
        block, gradient, nested = (
            TensorBlock(torch.ones(2, 2), s, [], Labels.range("p", 2))
            for s in [labels(["s"], [[0], [1]]), labels(["sample"], samples), Labels(["sample"], rows)]
        )
        gradient.add_gradient("h", nested)
        block.add_gradient("g", gradient)
        blocks.append(block)
    mts.join_blocks(blocks, "properties", add_dimension="n")
    rows[1] = 100_000_000
    with pytest.raises(IndexError, match="one of the 2 samples of the block, got 100000000"):
        mts.join_blocks(blocks, "properties", add_dimension="n")


def test_the_error_says_what_is_wrong():
    tensor = TensorMap(Labels.single(), [block_with_changed_gradient(7)])
    with pytest.raises(IndexError, match="one of the 3 samples of the block, got 7: the tensor .* was changed"):
        mts.multiply(tensor, tensor)


# --------------------------------------------------------------------------------- labels of which nobody checks much


def test_selection_with_repeated_entries():
    block = Data().block(0)
    for names, rows in [(["system"], [[3], [3], [9]]), (["system", "atom"], [[3, 5], [3, 0], [3, 5]])]:
        repeated = labels(names, rows, assume_unique=True)
        unique = labels(names, rows[:2] if len(names) == 2 else rows[1:])
        parts = mts.split_block(block, "samples", [repeated, repeated])
        for part in [mts.slice_block(block, "samples", repeated), *parts]:
            mts.equal_block_raise(part, mts.slice_block(block, "samples", unique))
        assert len(mts.slice_block(block, "samples", repeated).samples) == 2
    doubled = labels(["p"], [[1], [1]], assume_unique=True)
    assert mts.slice_block(block, "properties", doubled).properties.values.tolist() == [[1, 4]]


def test_labels_with_strides():
    """Columns of a tensor are read on the host as any others"""
    rows = torch.tensor([[0, 1], [0, 5]], dtype=torch.int32)
    column = Labels(["t"], rows[:, 1:])
    with pytest.raises(ValueError, match="must be in `dimension`, got 5 in entry 1"):
        mts.one_hot(column, labels(["t"], [[1]]))
    assert mts.one_hot(labels(["t"], [[5]]), column).tolist() == [[0, 1]]
    block = TensorBlock(torch.ones(1, 1), labels(["s"], [[0]]), [], Labels.range("p", 1))
    gradient = TensorBlock(torch.ones(2, 1), Labels(["sample"], rows[:, 1:]), [], block.properties)
    with pytest.raises(RuntimeError, match="one of the 1 samples of the block, got 1"):
        block.add_gradient("g", gradient)


# ------------------------------------------------------------------------------------------- copies that are kept


def block_with_gradient() -> TensorBlock:
    rows = torch.tensor([[0, 1], [1, 1]], dtype=torch.int32)
    block = TensorBlock(torch.ones(2, 1), labels(["s"], [[0], [1]]), [], Labels.range("p", 1))
    block.add_gradient("g", TensorBlock(torch.ones(2, 1), Labels("sample", rows[:, :1]), [], block.properties))
    return block


@pytest.mark.parametrize("mode", [torch.inference_mode, lambda: FakeTensorMode(allow_non_fake_inputs=True)])
def test_copies_of_labels_made_in_a_mode(mode):
    tensor = TensorMap(Labels.single(), [block_with_gradient()])
    with mode():
        for of_map in [tensor.block(0).samples, tensor.block(0).gradient("g").samples, tensor.keys]:
            of_map.to("meta")
            assert of_map.position([1]) == (1 if len(of_map) == 2 else None)
    moved = tensor.to("meta")
    for of_map in [moved.block(0).samples, moved.block(0).gradient("g").samples, moved.keys]:
        assert type(of_map.values) is torch.Tensor and not of_map.values.is_inference()
    trained = mts.requires_grad(moved)
    mts.multiply(trained, trained).block().gradient("g").values.sum().backward()
    # copies on the host
    trained = mts.requires_grad(tensor)
    mts.multiply(trained, trained).block().gradient("g").values.sum().backward()
    united = tensor.block(0).gradient("g").samples.union(labels(["sample"], [[7]]))
    assert type(united.values) is torch.Tensor and not united.values.is_inference()
