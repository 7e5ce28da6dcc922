# SPDX-License-Identifier: BSD-3-Clause
"""Derivatives in forward mode: tangents go through operations, or are an error, but are never lost."""

from typing import Callable, Dict, List, Sequence

import pytest
import torch
import torch.autograd.forward_ad as forward_ad
from make_data import Data
from test_conformance import ReplayedData, all_examples, tensors_of

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import System, register_autograd_neighbors


MOVES: Dict[str, Callable[[Data], TensorMap]] = {
    "keys to properties": lambda data: data.map(0, n_properties=3).keys_to_properties("k"),
    "keys to samples": lambda data: data.map(0).keys_to_samples("l"),
    "one key to samples": lambda data: data.map(0).keys_to_samples("k"),
    "first of two components": lambda data: data.map(0, n_components=2).components_to_properties("c_0"),
    "last of two components": lambda data: data.map(0, n_components=2).components_to_properties("c_1"),
}


def directions(leaves: Sequence[torch.Tensor]) -> List[torch.Tensor]:
    generator = torch.Generator().manual_seed(7)
    return [torch.rand(leaf.shape, generator=generator, dtype=leaf.dtype) for leaf in leaves]


def tangents_of(function, leaves: Sequence[torch.Tensor]) -> List[torch.Tensor]:
    """Tangents of the results of `function(data)`, 0 where there is none"""
    with forward_ad.dual_level():
        dual = [forward_ad.make_dual(*pair) for pair in zip(leaves, directions(leaves), strict=True)]
        tangents = [forward_ad.unpack_dual(tensor).tangent for tensor in tensors_of(function(ReplayedData(dual)))]
    assert any(tangent is not None for tangent in tangents)
    return tangents


def check_tangents(function) -> None:
    data = Data(requires_grad=True)
    expected = []
    for result in tensors_of(function(data)):
        # J v is the derivative of (w J) v with respect to w
        weights = torch.zeros_like(result, requires_grad=True)
        if not result.requires_grad:
            expected.append(None)
            continue
        products = torch.autograd.grad(result, data.leaves, weights, create_graph=True, allow_unused=True)
        along = 0.0 * weights.sum()
        for product, direction in zip(products, directions(data.leaves), strict=True):
            if product is not None:
                along = along + (product * direction).sum()
        expected.append(torch.autograd.grad(along, weights)[0])
    for leaves in [data.leaves, [leaf.detach() for leaf in data.leaves]]:
        for actual, wanted in zip(tangents_of(function, leaves), expected, strict=True):
            if wanted is None:
                assert actual is None or not actual.any()
            else:
                actual = torch.zeros_like(wanted) if actual is None else actual
                torch.testing.assert_close(actual.detach(), wanted, rtol=1e-12, atol=1e-12)


@all_examples
def test_tangents_of_operations(example):
    if not example.differentiable:
        pytest.skip("the result is no smooth function of values")
    check_tangents(lambda data: getattr(mts, example.operation)(**example.arguments(data)))


@pytest.mark.parametrize("name", MOVES)
def test_tangents_of_moves(name):
    check_tangents(MOVES[name])


def test_tangent_of_a_deviation_of_zero():
    samples = Labels(["system", "atom"], torch.tensor([[0, 0], [0, 1]], dtype=torch.int32))
    with forward_ad.dual_level():
        values = forward_ad.make_dual(torch.ones(2, 1), torch.tensor([[1.0], [2.0]]))
        block = mts.std_over_samples_block(TensorBlock(values, samples, [], Labels.range("p", 1)), "atom")
        assert forward_ad.unpack_dual(block.values).tangent.tolist() == [[0.0]]


@pytest.mark.parametrize("operation", ["sum", "mean", "var", "std"])
def test_forward_over_reverse(operation):
    """Products of the Hessian with a vector, as from two backward passes"""
    block = Data().block(0, gradients=False)
    direction = torch.linspace(-1, 1, block.values.numel(), dtype=torch.float64).reshape(block.values.shape)

    def loss(values: torch.Tensor) -> torch.Tensor:
        made = TensorBlock(values, block.samples, block.components, block.properties)
        return getattr(mts, f"{operation}_over_samples_block")(made, "atom").values.pow(3).sum()

    leaf = block.values.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(leaf), leaf, create_graph=True)
    (expected,) = torch.autograd.grad((gradient * direction).sum(), leaf)
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(leaf, direction)
        (gradient,) = torch.autograd.grad(loss(dual), leaf)
        torch.testing.assert_close(forward_ad.unpack_dual(gradient).tangent, expected, rtol=1e-10, atol=1e-10)


NAMES = ["first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"]
PAIRS = torch.tensor([[0, 1, 0, 0, 1], [1, 2, -1, 0, 0], [2, 2, 1, 0, 0]], dtype=torch.int32)


def pairs_of(positions: torch.Tensor, cell: torch.Tensor) -> TensorBlock:
    """Differentiable list of the pairs above"""
    first, second, shifts = PAIRS[:, 0], PAIRS[:, 1], PAIRS[:, 2:].to(torch.float64)
    vectors = (positions[second] - positions[first] + shifts @ cell).detach().clone()
    block = TensorBlock(
        vectors.unsqueeze(-1), Labels(NAMES, PAIRS), [Labels.range("xyz", 3)], Labels.range("distance", 1)
    )
    system = System(torch.arange(3), positions, cell, torch.tensor([True] * 3))
    register_autograd_neighbors(system, block)
    return block


def test_tangent_of_a_derivative_with_respect_to_pairs():
    positions = torch.rand(3, 3, dtype=torch.float64, requires_grad=True)
    block = pairs_of(positions, 4 * torch.eye(3, dtype=torch.float64))
    tangent = torch.rand(3, 3, 1, dtype=torch.float64)
    with forward_ad.dual_level():
        weights = forward_ad.make_dual(torch.ones_like(tangent), tangent)
        (gradient,) = torch.autograd.grad(block.values, positions, weights)
        actual = forward_ad.unpack_dual(gradient).tangent
    expected = torch.zeros(3, 3, dtype=torch.float64)
    expected.index_add_(0, PAIRS[:, 1], tangent[:, :, 0]).index_add_(0, PAIRS[:, 0], -tangent[:, :, 0])
    torch.testing.assert_close(actual, expected)


@pytest.mark.parametrize("requires_grad", [True, False])
def test_pairs_have_no_tangents(requires_grad):
    positions = torch.rand(3, 3, dtype=torch.float64, requires_grad=requires_grad)
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(positions, torch.ones(3, 3, dtype=torch.float64))
        with pytest.raises(NotImplementedError, match="has no forward-mode differentiation"):
            pairs_of(dual, 4 * torch.eye(3, dtype=torch.float64))


def test_split_in_transforms_of_torch():
    """Which have no function for parts that are no views"""
    block = Data().block(0, gradients=False)

    def parts(values: torch.Tensor):
        made = TensorBlock(values, block.samples, block.components, block.properties)
        return tuple(part.values for part in mts.split_block(made, "samples", [[0, 1], [3]]))

    batch = torch.stack([block.values, 2 * block.values])
    first, second = torch.func.vmap(parts)(batch)
    assert torch.equal(first, batch[:, :2]) and torch.equal(second, batch[:, 3:])
    backward = torch.autograd.functional.jacobian(parts, block.values)
    forward = torch.autograd.functional.jacobian(parts, block.values, vectorize=True, strategy="forward-mode")
    assert all(map(torch.equal, forward, backward))
