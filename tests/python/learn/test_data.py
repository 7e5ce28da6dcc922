# SPDX-License-Identifier: BSD-3-Clause
"""Data sets, batches and loaders."""

import pickle

import pytest
import torch

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatensor.torch.learn.data import DataLoader, Dataset, IndexedDataset, group, group_and_join


def tensor_map(system: int, keys=(0, 1)) -> TensorMap:
    """The number of the system in one sample of each block"""
    samples = Labels(["system"], torch.tensor([[system]]))
    blocks = [TensorBlock(torch.full((1, 2), float(system)), samples, [], Labels.range("n", 2)) for _ in keys]
    return TensorMap(Labels(["key"], torch.tensor([[key] for key in keys])), blocks)


def maps(n: int):
    return [tensor_map(i) for i in range(n)]


def square(index):
    return index**2


def batches(loader):
    return [(list(batch.number), batch.map[0].samples.column("system").tolist()) for batch in loader]


class TestDataset:
    def test_lists_and_functions(self):
        dataset = Dataset(a=["x", "y", "z"], b=square)
        assert len(dataset) == 3
        assert dataset[2] == ("z", 4) and dataset[2]._fields == ("a", "b") and type(dataset[2]).__name__ == "Sample"
        assert dataset[torch.tensor(1)].b == 1
        assert [sample.b for sample in dataset] == [0, 1, 4]

    def test_only_functions(self):
        assert len(Dataset(size=4, b=square)) == 4 and Dataset(size=4, b=square)[3].b == 9

    def test_empty(self):
        assert len(Dataset(a=[])) == 0 and list(Dataset(size=0, a=square)) == []

    def test_any_names(self):
        dataset = Dataset.from_dict({"valid": ["x", "y"], "with space": square, "class": [1, 2], "_size": [3, 4], "size": [5, 6]})
        sample = dataset[1]
        assert sample == ("y", 1, 2, 4, 6) and sample._fields == ("valid", "with space", "class", "_size", "size")
        assert sample.valid == sample["valid"] == "y" and sample.size == 6 and sample._size == 4
        assert sample["with space"] == sample[1] == 1 and sample["class"] == 2
        assert str(sample) == "Sample(valid='y', 'with space'=1, class=2, _size=4, size=6)"
        assert sample._replace(**{"with space": 7})["with space"] == 7 and sample._asdict()["class"] == 2
        with pytest.raises(KeyError, match="unknown"):
            sample["unknown"]
        with pytest.raises(ValueError, match="unknown"):
            sample._replace(unknown=1)
        batch = next(iter(DataLoader(dataset, batch_size=2, num_workers=1)))
        assert batch["with space"] == (0, 1) and batch.valid == ("x", "y")

    def test_sizes_of_dictionaries(self):
        class Derived(Dataset):
            pass

        assert type(Derived.from_dict({"a": square}, size=3)) is Derived
        assert len(Dataset.from_dict({"a": square}, size=3)) == 3
        with pytest.raises(ValueError, match="'size' must be given"):
            Dataset.from_dict({"a": square})
        with pytest.raises(TypeError, match="name of a field must be a string, got 1"):
            Dataset.from_dict({1: [1]})

    @pytest.mark.parametrize("index", [-1, 2, 7])
    @pytest.mark.parametrize("fields", [{"a": [1, 2]}, {"size": 2, "a": square}])
    def test_out_of_range(self, fields, index):
        with pytest.raises(ValueError, match=f"from 0 to 1, got {index}"):
            Dataset(**fields)[index]

    def test_function_that_fails(self):
        with pytest.raises(ValueError, match="function of field 'a' failed for sample 0: ZeroDivisionError") as info:
            Dataset(size=2, a=lambda i: 1 / i)[0]
        assert isinstance(info.value.__cause__, ZeroDivisionError)

    @pytest.mark.parametrize(
        ("arguments", "error", "message"),
        [
            ({}, ValueError, "'size' must be given"),
            ({"a": square}, ValueError, "'size' must be given"),
            ({"a": [1, 2], "b": [1]}, ValueError, "same number of samples, got a: 2, b: 1"),
            ({"size": 3, "a": [1, 2]}, ValueError, "same number of samples, got a: 2, and 3 from 'size'"),
            ({"size": -1, "a": square}, ValueError, "can't be negative, got -1"),
            ({"size": 2.0, "a": square}, TypeError, "must be an integer, got 2.0"),
            ({"a": [1, "b"]}, TypeError, "field 'a' must have values of one type, got int, str"),
            ({"a": 3}, TypeError, "field 'a' must be a list or a function, got int"),
            ({"a": (1, 2)}, TypeError, "got tuple"),
            ({"a": torch.ones(3)}, TypeError, "got Tensor"),
        ],
    )
    def test_wrong_arguments(self, arguments, error, message):
        with pytest.raises(error, match=message):
            Dataset(**arguments)


class TestIndexedDataset:
    def test_by_place_and_by_name(self):
        dataset = IndexedDataset(sample_id=["x", "y"], a=[1, 2], b=lambda name: name + "!")
        assert dataset[1] == ("y", 2, "y!") and dataset[1]._fields == ("sample_id", "a", "b")
        assert dataset.get_sample("y") == dataset[1] and len(dataset) == 2

    def test_any_names(self):
        dataset = IndexedDataset.from_dict({"a b": [1, 2]}, sample_id=["x", "y"])
        assert dataset[1] == ("y", 2) and dataset.get_sample("x")["a b"] == 1
        with pytest.raises(ValueError, match="'sample_id' can't be the name"):
            IndexedDataset.from_dict({"sample_id": [1]}, ["x"])

    def test_wrong_arguments(self):
        with pytest.raises(TypeError, match="'sample_id' must be a list, got tuple"):
            IndexedDataset(sample_id=("x",), a=[1])
        with pytest.raises(ValueError, match="'x' is there several times"):
            IndexedDataset(sample_id=["x", "y", "x"], a=[1, 2, 3])
        with pytest.raises(ValueError, match="got a: 2, and 1 from 'sample_id'"):
            IndexedDataset(sample_id=["x"], a=[1, 2])
        with pytest.raises(TypeError, match="hashable"):
            IndexedDataset(sample_id=[[1]], a=[1])

    def test_unknown_samples(self):
        dataset = IndexedDataset(sample_id=["x"], a=[1])
        with pytest.raises(ValueError, match="sample_id = 'q'"):
            dataset.get_sample("q")
        with pytest.raises(TypeError, match="hashable"):
            dataset.get_sample([1])
        with pytest.raises(ValueError, match="got 5"):
            dataset[5]


class TestBatches:
    dataset = Dataset(
        map=maps(4),
        rows=[torch.full((2, 3), float(i)) for i in range(4)],
        row=[torch.full((3,), float(i)) for i in range(4)],
        scalar=[torch.tensor(float(i)) for i in range(4)],
        name=["a", "b", "c", "d"],
    )

    def test_group(self):
        batch = group([self.dataset[0], self.dataset[2]])
        assert type(batch).__name__ == "Batch" and batch._fields == self.dataset[0]._fields
        assert batch.name == ("a", "c") and batch.map[1] is self.dataset[2].map

    def test_group_and_join(self):
        batch = group_and_join([self.dataset[0], self.dataset[2]])
        assert batch._fields == self.dataset[0]._fields and batch.name == ("a", "c")
        assert mts.equal(batch.map, mts.join([tensor_map(0), tensor_map(2)], "samples"))
        assert batch.rows.tolist() == 2 * [[0, 0, 0]] + 2 * [[2, 2, 2]]
        assert batch.row.tolist() == [[0, 0, 0], [2, 2, 2]] and batch.scalar.tolist() == [[0], [2]]

    def test_some_fields(self):
        batch = group_and_join([self.dataset[0], self.dataset[2]], fields_to_join=["rows"])
        assert batch.rows.shape == (4, 3) and isinstance(batch.row, tuple) and isinstance(batch.map, tuple)

    def test_arguments_of_join(self):
        samples = [Dataset(map=[tensor_map(0, keys)])[0] for keys in [(0, 1), (1, 2)]]
        with pytest.raises(ValueError, match="key"):
            group_and_join(samples)
        batch = group_and_join(samples, join_kwargs={"different_keys": "union", "add_dimension": "system_of_batch"})
        assert len(batch.map) == 3 and "system_of_batch" in batch.map.sample_names
        with pytest.raises(TypeError, match="axis"):
            group_and_join(samples, join_kwargs={"axis": "properties"})

    def test_repeated_samples(self):
        with pytest.raises(RuntimeError):
            group_and_join(2 * [self.dataset[0]])

    @pytest.mark.parametrize("collate", [group, group_and_join])
    def test_wrong_batches(self, collate):
        with pytest.raises(IndexError, match="empty"):
            collate([])
        with pytest.raises(AttributeError, match="named tuples"):
            collate([(1, 2), (3, 4)])

    def test_gradients_reach_the_samples(self):
        values = [torch.ones(1, 1, requires_grad=True), torch.ones(1, 1, requires_grad=True)]
        samples = Dataset(map=[TensorMap(Labels.single(), [mts.block_from_array(value)]) for value in values])
        joined = group_and_join(list(samples), join_kwargs={"add_dimension": "n"}).map.block().values
        gradients = torch.autograd.grad((joined * torch.tensor([[2.0], [3.0]])).sum(), values)
        assert [float(gradient) for gradient in gradients] == [2.0, 3.0]


class TestDataLoader:
    dataset = Dataset(number=list(range(6)), map=maps(6))

    def test_batches(self):
        assert batches(DataLoader(self.dataset, batch_size=4)) == [(list(range(4)), [0, 1, 2, 3]), ([4, 5], [4, 5])]
        assert len(batches(DataLoader(self.dataset, batch_size=4, drop_last=True))) == 1
        assert len(batches(DataLoader(self.dataset))) == 6

    def test_shuffled(self):
        loader = DataLoader(self.dataset, batch_size=3, shuffle=True, generator=torch.Generator().manual_seed(0))
        found = batches(loader)
        assert sorted(found[0][0] + found[1][0]) == list(range(6)) and found[0][0] != [0, 1, 2]
        assert all(numbers == systems for numbers, systems in found)

    def test_other_collate_functions(self):
        loader = DataLoader(self.dataset, batch_size=2, collate_fn=group)
        assert all(isinstance(batch.map, tuple) for batch in loader)

    def test_without_batches(self):
        assert [sample.number for sample in DataLoader(self.dataset, batch_size=None)] == list(range(6))

    def test_part_of_a_dataset(self):
        part, _ = torch.utils.data.random_split(self.dataset, [4, 2], torch.Generator().manual_seed(0))
        assert sorted(sum((numbers for numbers, _ in batches(DataLoader(part, batch_size=2))), [])) == sorted(part.indices)

    @pytest.mark.parametrize("context", ["fork", "spawn"])
    def test_worker_processes(self, context):
        # a timeout, as what can not be pickled would make the loader wait for ever
        loader = DataLoader(self.dataset, batch_size=2, num_workers=2, timeout=120, multiprocessing_context=context)
        assert batches(loader) == batches(DataLoader(self.dataset, batch_size=2))


class TestPinnedMemory:
    @pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
    @pytest.mark.filterwarnings("error")
    def test_nothing_without_a_gpu(self):
        loader = DataLoader(Dataset(map=maps(2)), batch_size=2, pin_memory=True)
        with pytest.raises(UserWarning, match="no accelerator is found"):
            next(iter(loader))

    @pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
    def test_batches_of_a_loader(self):
        loader = DataLoader(Dataset(map=maps(2), x=[torch.ones(1), torch.ones(1)]), batch_size=2, pin_memory=True)
        (batch,) = loader
        assert batch.x.is_pinned() and all(block.values.is_pinned() for block in batch.map)

    def test_all_tensors_of_a_batch(self, monkeypatch):
        """With a pin_memory() that leaves a trace: minus the values"""
        monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: -tensor)
        block = tensor_map(2)[0].copy()
        block.add_gradient("strain", TensorBlock(torch.ones(1, 2), Labels.range("sample", 1), [], block.properties))
        original = TensorMap(Labels.single(), [block])
        original.set_info("name", "two")
        fields = dict(map=original, block=original[0], x=torch.ones(2), maps=[original], labels=original.keys, text="text")
        (sample,) = Dataset(**{name: [value] for name, value in fields.items()})

        found = sample.pin_memory()
        assert type(found) is type(sample) and found._fields == sample._fields
        for map_ in [found.map, *found.maps]:
            assert mts.equal(map_, mts.multiply(original, -1.0)) and map_.get_info("name") == "two"
            assert mts.equal(original, mts.multiply(map_, -1.0))
        assert torch.equal(found.block.values, -original[0].values)
        assert torch.equal(found.block.gradient("strain").values, -original[0].gradient("strain").values)
        assert found.x.tolist() == [-1.0, -1.0] and found.labels == original.keys and found.text == "text"


def test_samples_and_batches_can_be_pickled():
    dataset = IndexedDataset(sample_id=[3], map=maps(1))
    for original in [dataset[0], group(list(dataset))]:
        copy = pickle.loads(pickle.dumps(original))
        assert type(copy) is type(original) and copy.sample_id == original.sample_id
    assert mts.equal(pickle.loads(pickle.dumps(dataset))[0].map, tensor_map(0))
