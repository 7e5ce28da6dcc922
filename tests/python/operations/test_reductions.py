# SPDX-License-Identifier: BSD-3-Clause
"""Sums, means, variances and standard deviations over samples and properties"""

import collections
import statistics

import pytest
import torch
from make_data import Data

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap


OPERATIONS = ["sum", "mean", "var", "std"]
LINEAR = {"sum": sum, "mean": statistics.fmean, "var": statistics.pvariance, "std": statistics.pstdev}


def labels(names, rows):
    return Labels(names, torch.tensor(rows, dtype=torch.int32).reshape(len(rows), len(names)))


def column(values, samples, names=("system", "atom")):
    """Block with one property"""
    values = torch.as_tensor(values).reshape(-1, 1)
    return TensorBlock(values, labels(list(names), samples), [], labels(["p"], [[0]]))


def shuffled_rows(n_rows, seed):
    """Unique rows (system, atom) in any order, with negative and large values"""
    generator = torch.Generator().manual_seed(seed)
    places = torch.randperm(4 * n_rows, generator=generator)[:n_rows]
    return torch.stack([(places % 7 - 3) * 300_000_000, places // 7 - 50], dim=1).to(torch.int32)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("n_rows", [1, 5, 40, 3000])
def test_values_of_groups(operation, n_rows):
    samples = Labels(["system", "atom"], shuffled_rows(n_rows, seed=n_rows))
    values = torch.rand(n_rows, 2, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    block = TensorBlock(values, samples, [Labels.range("c", 2)], Labels.range("p", 3))
    groups = collections.defaultdict(list)
    for (system, _), row in zip(samples.values.tolist(), values[:, 1, 2].tolist(), strict=True):
        groups[system].append(row)

    result = getattr(mts, f"{operation}_over_samples_block")(block, "atom")
    assert result.samples.values.tolist() == [[system] for system in sorted(groups)]
    expected = [LINEAR[operation](groups[system]) for system in sorted(groups)]
    torch.testing.assert_close(result.values[:, 1, 2], torch.tensor(expected, dtype=torch.float64))

    turned = TensorBlock(values.movedim(0, 2), Labels.range("s", 2), [Labels.range("c", 3)], samples)
    over_properties = getattr(mts, f"{operation}_over_properties_block")(turned, "atom")
    assert over_properties.properties == result.samples
    torch.testing.assert_close(over_properties.values, result.values.movedim(0, 2))


def test_loops_of_ours_and_functions_of_torch_agree():
    """Floating-point numbers are summed by loops of this library, integers by index_add."""
    samples = Labels(["system", "atom"], shuffled_rows(2000, seed=1))
    values = torch.randint(-1000, 1000, (2000, 5), generator=torch.Generator().manual_seed(1))
    for operation in OPERATIONS:
        for axis in ["samples", "properties"]:
            results = []
            for dtype in [torch.int64, torch.float64]:
                numbers = values.to(dtype)
                axes = [samples, Labels.range("p", 5)]
                if axis == "properties":
                    numbers, axes = numbers.T, axes[::-1]
                block = TensorBlock(numbers, axes[0], [], axes[1])
                reduced = getattr(mts, f"{operation}_over_{axis}_block")(block, ["atom"])
                results.append(reduced.values.to(torch.float64))
            tolerance = 0 if operation == "sum" else 1e-6
            torch.testing.assert_close(*results, rtol=tolerance, atol=0)


def perturbed(block, parameter_entry, step):
    """The values of ``block`` after a step of one of the parameters that its gradients are with respect to"""
    values = block.values.clone()
    gradient = block.gradient("positions")
    for row, (sample, atom) in enumerate(gradient.samples.values.tolist()):
        if atom == parameter_entry[0]:
            values[sample] += step * gradient.values[row, parameter_entry[1]]
    return TensorBlock(values, block.samples, block.components, block.properties)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("axis, names", [("samples", "atom"), ("samples", ["system", "atom"]), ("properties", "q")])
def test_gradients_are_finite_differences_of_the_values(operation, axis, names):
    block = Data(n_samples=7).block(3, n_properties=4)
    reduce = getattr(mts, f"{operation}_over_{axis}_block")
    gradient = reduce(block, names).gradient("positions")
    assert len(gradient.samples) > 3
    for row, (sample, atom) in enumerate(gradient.samples.values.tolist()):
        for xyz in range(3):
            plus, minus = (reduce(perturbed(block, (atom, xyz), step), names).values for step in (1e-5, -1e-5))
            expected = (plus - minus)[sample] / 2e-5
            torch.testing.assert_close(gradient.values[row, xyz], expected, rtol=1e-6, atol=1e-9)


def test_gradients_count_samples_without_entries():
    """Samples without an entry in the gradient have a gradient of 0: they count like the others."""
    block = column([1.0, 3.0], [[0, 0], [0, 1]])
    gradient = TensorBlock(torch.tensor([[10.0]]), labels(["sample", "atom"], [[0, 7]]), [], block.properties)
    block.add_gradient("g", gradient)
    for operation, expected in [("sum", 10.0), ("mean", 5.0), ("var", -10.0), ("std", -5.0)]:
        reduced = getattr(mts, f"{operation}_over_samples_block")(block, "atom").gradient("g")
        assert reduced.samples == labels(["sample", "atom"], [[0, 7]])
        assert reduced.values.item() == pytest.approx(expected)


def test_variances_of_numbers_with_a_large_mean():
    """The mean of the squares minus the square of the mean has no correct digit here."""
    values = 1e4 + torch.rand(1000, generator=torch.Generator().manual_seed(0))
    block = column(values, [[0, i] for i in range(1000)])
    expected = values.to(torch.float64).var(correction=0).item()
    assert mts.var_over_samples_block(block, "atom").values.item() == pytest.approx(expected, rel=1e-4)


def test_float16_is_summed_in_float32():
    """A sum of ones in float16 stops at 2048."""
    ones = torch.ones(10_000, dtype=torch.float16)
    block = column(ones, [[0, i] for i in range(10_000)])
    assert mts.sum_over_samples_block(block, "atom").values.item() == 10_000
    assert mts.mean_over_samples_block(column(60_000 * ones, block.samples.values.tolist()), "atom").values == 60_000


def test_the_derivative_of_a_deviation_of_zero_is_zero():
    values = torch.tensor([[2.0], [2.0], [1.0], [3.0]], requires_grad=True)
    block = column(values, [[0, 0], [0, 1], [1, 0], [1, 1]])
    (gradient,) = torch.autograd.grad(mts.std_over_samples_block(block, "atom").values.sum(), values)
    torch.testing.assert_close(gradient, torch.tensor([[0.0], [0.0], [-0.5], [0.5]]))


def test_variance_of_complex_numbers_is_real():
    values = torch.tensor([1 + 2j, 3 - 1j, 0.5 + 0.3j], dtype=torch.complex128)
    variance = mts.var_over_samples_block(column(values, [[0, i] for i in range(3)]), "atom").values
    torch.testing.assert_close(variance, values.var(correction=0).reshape(1, 1).to(torch.complex128))


def test_same_result_with_any_number_of_threads():
    samples = Labels(["system", "atom"], shuffled_rows(5000, seed=2))
    block = TensorBlock(torch.rand(5000, 30), samples, [], Labels.range("p", 30))
    n_threads = torch.get_num_threads()
    results = []
    for n in [1, 2, 3]:
        torch.set_num_threads(n)
        results.append(mts.sum_over_samples_block(block, "atom").values)
    torch.set_num_threads(n_threads)
    assert torch.equal(results[0], results[1]) and torch.equal(results[0], results[2])


def test_nothing_remains_of_empty_blocks_and_of_all_dimensions():
    full, empty = column([1.0, 3.0], [[0, 0], [0, 1]]), column([], [])
    result = mts.sum_over_samples(TensorMap(labels(["k"], [[0], [1]]), [full, empty]), ["system", "atom"])
    assert result.sample_names == ["_"]
    assert result.block(0).values.tolist() == [[4.0]]
    assert result.block(0).samples == Labels.single()
    assert result.block(1).values.shape == (0, 1)


def test_labels_with_the_same_rows_keep_their_names():
    samples = labels(["system", "atom"], [[1, 0], [0, 0]])
    properties = labels(["p"], [[0]])
    block = TensorBlock(torch.tensor([[1.0], [2.0]]), samples, [], properties)
    gradient_samples = labels(["sample", "a"], [[1, 0], [0, 0]])
    for parameter, names in [("a", gradient_samples), ("b", gradient_samples.rename("a", "b"))]:
        block.add_gradient(parameter, TensorBlock(torch.tensor([[1.0], [2.0]]), names, [], properties))
    for result in [mts.sum_over_samples_block(block, "atom"), mts.sort_block(block), mts.slice_block(block, "samples", [1])]:
        assert result.gradient("a").samples.names == ["sample", "a"]
        assert result.gradient("b").samples.names == ["sample", "b"]


def nested_block():
    block = column([1.0, 2.0, 3.0], [[0, 0], [1, 0], [0, 1]])
    gradient = column([1.0, 2.0, 3.0, 4.0], [[2, 5], [0, 5], [1, 5], [2, 6]], ["sample", "a"])
    second = column([1.0, 2.0, 3.0], [[0, 8], [1, 8], [3, 9]], ["sample", "b"])
    gradient.add_gradient("b", second)
    block.add_gradient("a", gradient)
    return block


def test_gradients_of_gradients():
    for operation, factor in [("sum", 1.0), ("mean", 0.5)]:
        reduced = getattr(mts, f"{operation}_over_samples_block")(nested_block(), "atom")
        gradient = reduced.gradient("a")
        assert gradient.samples == labels(["sample", "a"], [[0, 5], [0, 6], [1, 5]])
        assert gradient.values.flatten().tolist() == [3 * factor, 4 * factor, 3]
        second = gradient.gradient("b")
        assert second.samples == labels(["sample", "b"], [[0, 8], [1, 9]])
        assert second.values.flatten().tolist() == [3 * factor, 3 * factor]
    for operation in ["var", "std"]:
        for axis in ["samples", "properties"]:
            with pytest.raises(NotImplementedError, match="gradients of gradients"):
                getattr(mts, f"{operation}_over_{axis}_block")(nested_block(), "atom" if axis == "samples" else "p")


def test_info_is_kept_unless_the_unit_changes():
    tensor = TensorMap(labels(["k"], [[0]]), [column([1.0], [[0, 0]])])
    tensor.set_info("unit", "eV")
    for operation in OPERATIONS:
        for axis, name in [("samples", "atom"), ("properties", "p")]:
            info = getattr(mts, f"{operation}_over_{axis}")(tensor, name).info()
            assert dict(info) == ({} if operation == "var" else {"unit": "eV"})


def test_errors():
    tensor = TensorMap(labels(["k"], [[0]]), [column([1.0], [[0, 0]])])
    for argument in [tensor, tensor.block()]:
        suffix = "" if argument is tensor else "_block"
        with pytest.raises(ValueError, match=f"'sum_over_samples{suffix}' got 'x', which is no dimension of the samples"):
            getattr(mts, "sum_over_samples" + suffix)(argument, ["atom", "x"])
        with pytest.raises(ValueError, match="which is no dimension of the properties, only \\[p\\]"):
            getattr(mts, "mean_over_properties" + suffix)(argument, "atom")
