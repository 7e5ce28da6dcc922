# SPDX-License-Identifier: BSD-3-Clause
"""Systems in files, file objects and buffers, from Python and from scripted code."""

import io

import torch

from metatensor.torch import Labels, TensorBlock
from metatomic.torch import NeighborListOptions, System, load_system, load_system_buffer, save, save_buffer


OPTIONS = NeighborListOptions(3.5, True, False)


def example_system() -> System:
    system = System(
        types=torch.tensor([1, 8]),
        positions=torch.tensor([[0.0, 0.5, 1.0], [1.5, 2.0, 2.5]]),
        cell=torch.diag(torch.tensor([4.0, 5.0, 6.0])),
        pbc=torch.ones(3, dtype=torch.bool),
    )
    pair = ["first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"]
    xyz = Labels("xyz", torch.arange(3).reshape(3, 1))
    neighbors = TensorBlock(
        torch.tensor([1.5, 1.5, 1.5]).reshape(1, 3, 1),
        Labels(pair, torch.tensor([[0, 1, 0, 0, 0]])),
        [xyz],
        Labels("distance", torch.zeros(1, 1, dtype=torch.int32)),
    )
    system.add_neighbor_list(OPTIONS, neighbors)
    return system


def assert_same(system: System, expected: System):
    for name in ["types", "positions", "cell", "pbc"]:
        assert torch.equal(getattr(system, name), getattr(expected, name)), name
    (options,) = system.known_neighbor_lists()
    assert options == OPTIONS
    pairs, expected_pairs = (one.get_neighbor_list(OPTIONS) for one in [system, expected])
    assert pairs.samples == expected_pairs.samples and torch.equal(pairs.values, expected_pairs.values)


def test_file(tmp_path):
    save(tmp_path / "system.mta", example_system())
    assert_same(load_system(tmp_path / "system.mta"), example_system())
    assert_same(load_system(str(tmp_path / "system.mta")), example_system())


def test_file_object_and_buffer():
    file = io.BytesIO()
    save(file, example_system())
    assert file.getvalue() == bytes(save_buffer(example_system()))
    file.seek(0)
    assert_same(load_system(file), example_system())
    assert_same(load_system_buffer(save_buffer(example_system())), example_system())


@torch.jit.script
def save_and_load(path: str, system: System) -> System:
    save(path, system)
    return load_system_buffer(save_buffer(load_system(path)))


def test_scripted_code(tmp_path):
    assert_same(save_and_load(str(tmp_path / "system.mta"), example_system()), example_system())
