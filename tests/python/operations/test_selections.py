# SPDX-License-Identifier: BSD-3-Clause
"""slice, split and sort"""

import pytest
import torch
from make_data import Data
from test_reductions import column, labels, nested_block, shuffled_rows

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap


def same(a, b):
    return torch.equal(mts.save_buffer(a), mts.save_buffer(b))


def big_block(n_samples=3000, seed=0):
    """Rows in any order, with gradients for some of them"""
    generator = torch.Generator().manual_seed(seed)
    samples = Labels(["system", "atom"], shuffled_rows(n_samples, seed))
    properties = Labels(["p"], torch.randperm(9, generator=generator).reshape(-1, 1))
    block = TensorBlock(torch.rand(n_samples, 9, generator=generator), samples, [], properties)
    rows = torch.stack([torch.randperm(n_samples, generator=generator), torch.arange(n_samples) % 5], dim=1)
    rows = rows[: n_samples // 2].to(torch.int32)
    gradient = TensorBlock(
        torch.rand(len(rows), 9, generator=generator), Labels(["sample", "a"], rows), [], properties
    )
    block.add_gradient("g", gradient)
    return block


def check_gradients(block, original):
    """Each entry of the gradient is the one of the same sample in the original."""

    def entries(of):
        gradient = of.gradient("g")
        samples = [tuple(row) for row in of.samples.values.tolist()]
        return {
            (samples[sample], a): values
            for (sample, a), values in zip(gradient.samples.values.tolist(), gradient.values.sort().values, strict=True)
        }

    ours, theirs = entries(block), entries(original)
    selected = {tuple(row) for row in block.samples.values.tolist()}
    assert ours.keys() == {key for key in theirs if key[0] in selected}
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)


def test_slice_by_places_keeps_the_order_of_the_selection():
    block = big_block()
    places = torch.randperm(3000, generator=torch.Generator().manual_seed(5))[:1000]
    for selection in [places, places.to(torch.int32), places - 3000, places.tolist()]:
        part = mts.slice_block(block, "samples", selection)
        assert torch.equal(part.values, block.values[places])
        assert torch.equal(part.samples.values, block.samples.values[places])
        check_gradients(part, block)


def test_slice_by_booleans():
    block = big_block(10)
    mask = torch.tensor([True, False] * 5)
    assert torch.equal(mts.slice_block(block, "samples", mask).values, block.values[mask])
    assert torch.equal(mts.slice_block(block, "properties", mask[:9]).values, block.values[:, mask[:9]])
    with pytest.raises(IndexError, match="must have one for each of the 10 samples, got 9"):
        mts.slice_block(block, "samples", mask[:9])


def test_slice_by_labels():
    block = column([1.0, 2.0, 3.0], [[5, 0], [2, 0], [5, 1]])
    in_order_of_selection = mts.slice_block(block, "samples", labels(["system", "atom"], [[5, 1], [7, 7], [5, 0]]))
    assert in_order_of_selection.values.flatten().tolist() == [3.0, 1.0]
    in_old_order = mts.slice_block(block, "samples", labels(["atom", "system"], [[1, 5], [0, 5]]))
    assert in_old_order.values.flatten().tolist() == [1.0, 3.0]
    assert len(mts.slice_block(block, "samples", labels(["system"], [])).samples) == 0


def test_samples_selected_twice():
    block = column([1.0, 2.0, 3.0], [[5, 0], [2, 0], [5, 1]])
    with pytest.raises(ValueError, match="got index 1 twice, but the samples of a block are unique"):
        mts.slice_block(block, "samples", [1, 0, -2])
    twice = mts.slice_block(Data().block(0), "properties", [1, 0, 1])
    assert twice.properties.values.tolist() == [[0, 5], [1, 4]]


def test_errors_of_slice():
    block = column([1.0, 2.0, 3.0], [[5, 0], [2, 0], [5, 1]])
    for selection, error, text in [
        ([3], IndexError, "index 3, which is out of range for a block with 3 samples"),
        ([-4], IndexError, "index -4"),
        (torch.tensor([0.0]), TypeError, "must be a tensor of integers or booleans, got float32"),
        (torch.tensor([[0]]), ValueError, r"must be a 1D tensor, got shape \[1, 1\]"),
        (labels(["p"], [[0]]), ValueError, "contains 'p', which is no dimension of the samples"),
    ]:
        with pytest.raises(error, match=text):
            mts.slice_block(block, "samples", selection)
        with pytest.raises(error, match=text):
            mts.split_block(block, "samples", [selection])
    with pytest.raises(ValueError, match="the axis of 'slice_block' must be one of 'samples', 'properties', got 'keys'"):
        mts.slice_block(block, "keys", [0])


def test_empty_maps():
    empty = TensorMap(labels(["k"], []), [])
    assert len(mts.slice(empty, "samples", labels(["system"], [[0]])).keys) == 0
    assert [len(part.keys) for part in mts.split(empty, "samples", [[0], [1]])] == [0, 0]
    assert mts.split(Data().map(0), "samples", []) == []
    assert len(mts.sort(empty).keys) == 0


@pytest.mark.parametrize("axis", ["samples", "properties"])
def test_parts_of_split_are_slices(axis):
    block = big_block()
    name, values = ("system", range(-3, 4)) if axis == "samples" else ("p", range(9))
    scale = 300_000_000 if axis == "samples" else 1
    one_each = [labels([name], [[scale * value], [77]]) for value in values]
    for selections in [
        [labels([name], [[scale * value]]) for value in values],
        one_each,  # 77 is in all of them
        [torch.arange(3), [8, 3], torch.arange(0), labels([name], [[0]])],
        [block.samples if axis == "samples" else block.properties],
        [list(range(i, min(i + 4, 9))) for i in range(0, 9, 4)] if axis == "properties" else [list(range(3000))],
    ]:
        parts = mts.split_block(block, axis, selections)
        for part, selection in zip(parts, selections, strict=True):
            assert same(part, mts.slice_block(block, axis, selection))
            assert part.values.is_contiguous()
    assert sum(len(part.samples) for part in mts.split_block(block, "samples", [[0, 5], [5, 2, 1]])) == 5


def test_derivatives_of_split():
    values = torch.rand(6, 2, dtype=torch.float64, requires_grad=True)
    for selections in [[[0, 1], [2, 3, 4, 5]], [[4, 2], [0, 4]]]:
        block = column(values[:, 0], [[0, i] for i in range(6)])
        parts = mts.split_block(block, "samples", selections)
        loss = sum((i + 1) * part.values.sum() for i, part in enumerate(parts))
        (gradient,) = torch.autograd.grad(loss, values)
        expected = [sum((i + 1) * (row in part) for i, part in enumerate(selections)) for row in range(6)]
        assert gradient[:, 0].tolist() == expected


def test_gradients_of_gradients():
    part = mts.slice_block(nested_block(), "samples", [2, 0])
    gradient = part.gradient("a")
    assert gradient.samples == labels(["sample", "a"], [[0, 5], [1, 5], [0, 6]])
    assert gradient.gradient("b").samples == labels(["sample", "b"], [[0, 8], [1, 8], [2, 9]])
    ordered = mts.sort_block(nested_block(), "samples")
    assert ordered.gradient("a").samples == labels(["sample", "a"], [[0, 5], [1, 5], [1, 6], [2, 5]])
    assert ordered.gradient("a").values.flatten().tolist() == [2.0, 1.0, 4.0, 3.0]
    second = ordered.gradient("a").gradient("b")
    assert second.samples == labels(["sample", "b"], [[0, 8], [1, 8], [2, 9]])
    assert second.values.flatten().tolist() == [2.0, 1.0, 3.0]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("n_samples", [0, 1, 30, 3000])
def test_sort(n_samples, descending):
    block = big_block(n_samples)
    ordered = mts.sort_block(block, "all", descending)
    rows = [tuple(row) for row in block.samples.values.tolist()]
    order = sorted(range(n_samples), key=lambda i: rows[i], reverse=descending)
    columns = block.properties.values.flatten().argsort(descending=descending)
    assert torch.equal(ordered.samples.values, block.samples.values[order])
    assert torch.equal(ordered.properties.values, block.properties.values[columns])
    assert torch.equal(ordered.values, block.values[order][:, columns])
    check_gradients(ordered, block)
    gradient_rows = ordered.gradient("g").samples.values.tolist()
    assert gradient_rows == sorted(gradient_rows, reverse=descending)
    assert same(mts.sort_block(ordered, "all", descending), ordered)


def test_sort_of_rows_that_need_many_bits():
    rows = torch.randint(-(2**31), 2**31 - 1, (500, 5), generator=torch.Generator().manual_seed(3)).to(torch.int32)
    rows[:250, :3] = rows[0, :3]
    names = ["a", "b", "c", "d", "e"]
    block = TensorBlock(torch.arange(500.0).reshape(-1, 1), Labels(names, rows), [], labels(["p"], [[0]]))
    ordered = mts.sort_block(block)
    assert ordered.samples.values.tolist() == sorted(rows.tolist())
    assert torch.equal(rows[ordered.values.flatten().long()], ordered.samples.values)


def test_sort_axes_of_a_map():
    tensor = Data().map(0)
    tensor.set_info("unit", "eV")
    for axes in ["keys", "samples", "components", "properties", ["keys", "properties"], "all"]:
        ordered = mts.sort(tensor, axes)
        assert dict(ordered.info()) == {"unit": "eV"}
        sorted_keys = sorted(tensor.keys.values.tolist())
        assert ordered.keys.values.tolist() == (
            sorted_keys if axes in ["keys", "all"] or "keys" in axes else tensor.keys.values.tolist()
        )
        for key in tensor.keys:
            block_axes = [a for a in ["samples", "components", "properties"] if a in axes or axes == "all"]
            block = tensor.block(key).copy()
            assert same(ordered.block(key).copy(), mts.sort_block(block, block_axes) if block_axes else block)
    assert same(mts.sort(tensor), mts.sort(tensor, "all"))
    with pytest.raises(ValueError, match="the axis of 'sort' must be one of .*, got 'all'"):
        mts.sort(tensor, ["all"])
    with pytest.raises(ValueError, match="the axis of 'sort_block' must be one of .*, got 'keys'"):
        mts.sort_block(tensor.block(0), "keys")
