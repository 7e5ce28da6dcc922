# SPDX-License-Identifier: BSD-3-Clause
"""Rotations and inversions of vectors, spherical harmonics, systems and maps."""

import math
from typing import List

import pytest
import torch
from atoms import energies, make_system, structure
from example_models import DIAMOND, argon, perturbed, silicon

from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import ModelEvaluationOptions, ModelOutput, System
from metatomic.torch.o3 import O3Transformations, random_transformations


CPU = torch.device("cpu")
SILICON = perturbed(5.4, DIAMOND, [14] * 8, 0.2)


def some(n, degree=0, dtype=torch.float64, inversions=True):
    """Transformations with inversions of some, if there are several."""
    generator = torch.Generator().manual_seed(3)
    return random_transformations(n, degree, device=CPU, dtype=dtype, add_inversions=inversions, generator=generator)


def close(found, expected, tolerance=1e-12):
    torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)


def quadratic_harmonics(vectors):
    """Real spherical harmonics of degree 2 from -2 to 2, up to a common factor."""
    x, y, z = vectors.unbind(-1)
    third = math.sqrt(3)
    return torch.stack([third * x * y, third * y * z, z * z - (x * x + y * y) / 2, third * x * z, third / 2 * (x * x - y * y)], -1)


def test_spherical_harmonics_of_rotated_vectors():
    transformations = some(6, 2)
    vectors = torch.randn(5, 3, dtype=torch.float64)
    rotated = transformations.transform_cartesian(vectors)
    close(transformations.transform_spherical(torch.ones(5, 1, dtype=torch.float64), 0, 1), torch.ones(6, 5, 1).double())
    close(transformations.transform_spherical(vectors[:, [1, 2, 0]], 1, 1), rotated[..., [1, 2, 0]])
    close(transformations.transform_spherical(quadratic_harmonics(vectors), 2, 1), quadratic_harmonics(rotated))


def test_products_of_rotations():
    """D(A B) = D(A) D(B), up to high degrees, and near the poles of Euler angles."""
    first, second = some(20, 0, inversions=False).matrices, some(20, 0, inversions=False).matrices.flip(0)
    for angle in [0.0, 1e-9, 1e-6, math.pi]:  # about x, so that z stays, nearly, or turns around
        cos, sin = math.cos(angle), math.sin(angle)
        first[int(angle * 3)] = torch.tensor([[1, 0, 0], [0, cos, -sin], [0, sin, cos]], dtype=torch.float64)
    for degree in [1, 5, 20]:
        d = [O3Transformations(matrices, degree).wigner_D_matrices(degree) for matrices in [first, second, first @ second]]
        close(d[0] @ d[1], d[2])
        close(d[0] @ d[0].transpose(1, 2), torch.eye(2 * degree + 1, dtype=torch.float64).expand_as(d[0]))


def test_inversions():
    """Spherical harmonics get (-1)^l, and what has the other sign its opposite."""
    inversion = O3Transformations(-torch.eye(3, dtype=torch.float64)[None], 3)
    nothing = O3Transformations(torch.eye(3, dtype=torch.float64)[None], 3)
    assert inversion.improper_mask.tolist() == [True] and nothing.improper_mask.tolist() == [False]
    for degree in range(4):
        values = torch.randn(4, 2 * degree + 1, dtype=torch.float64)
        for sigma in [1, -1]:
            close(inversion.transform_spherical(values, degree, sigma), sigma * (-1) ** degree * values)
            close(nothing.transform_spherical(values, degree, sigma, add_inversion=True), sigma * (-1) ** degree * values)
            close(inversion.transform_spherical(values, degree, sigma, add_inversion=True), values)


@pytest.mark.parametrize("add_inversion", [False, True])
def test_inverses(add_inversion):
    one = some(1, 3)
    vectors, values = torch.randn(2, 4, 3, dtype=torch.float64), torch.randn(5, 7, dtype=torch.float64)
    there = one.transform_cartesian(vectors, add_inversion)
    assert there.shape == vectors.shape
    close(one.inverse_transform_cartesian(there, add_inversion), vectors)
    there = one.transform_spherical(values, 3, -1, add_inversion)
    close(one.inverse_transform_spherical(there, 3, -1, add_inversion), values)
    close(one.inverse_wigner_D_matrices(2) @ one.wigner_D_matrices(2), torch.eye(5, dtype=torch.float64)[None])
    several = some(3, 1)
    assert several.transform_cartesian(vectors).shape == (3, 2, 4, 3)
    assert several.transform_spherical(vectors, 1, 1).shape == (3, 2, 4, 3)


def test_properties_and_copies():
    matrices = some(2).matrices
    transformations = O3Transformations(matrices, 2)
    expected = matrices.clone()
    matrices.zero_()
    transformations.matrices.zero_()
    assert torch.equal(transformations.matrices, expected)
    assert (transformations.max_angular_momentum, transformations.dtype) == (2, torch.float64)
    assert transformations.device.type == "cpu" and len(transformations.improper_mask) == 2
    assert transformations.to(torch.float32).wigner_D_matrices(2).dtype == torch.float32


def test_random_transformations():
    transformations = random_transformations(4000, device=CPU, dtype=torch.float64, add_inversions=True)
    matrices = transformations.matrices
    close(matrices @ matrices.transpose(1, 2), torch.eye(3, dtype=torch.float64).expand_as(matrices))
    assert torch.equal(transformations.improper_mask, torch.linalg.det(matrices) < 0)
    assert abs(float(transformations.improper_mask.double().mean()) - 0.5) < 0.05
    # means over all rotations: of an element 0, of its square 1/3
    assert float(matrices.mean(dim=0).abs().max()) < 0.06
    assert float((matrices.square().mean(dim=0) - 1 / 3).abs().max()) < 0.03
    assert not random_transformations(5, device=CPU, dtype=torch.float32).improper_mask.any()


@pytest.mark.parametrize("model", [argon(), silicon()], ids=["argon", "silicon"])
def test_energies_of_rotated_systems(model):
    """The same as before, in all copies, and derivatives go back to the positions that were rotated."""
    atoms = SILICON._replace(types=model.capabilities().atomic_types[:1] * 8)
    system = make_system(atoms, model.requested_neighbor_lists(), differentiable=True)
    transformations = some(4)
    options = ModelEvaluationOptions("A", {"energy": ModelOutput(unit="eV", sample_kind="system")}, None)
    copies = transformations.transform_systems([system] * 4)
    rotated = model(copies, options, True)["energy"].block().values
    expected = model([system], options, True)["energy"].block().values
    close(rotated, expected.expand(4, 1))
    forces = [torch.autograd.grad(value, system.positions, retain_graph=True)[0] for value in [rotated[2, 0], expected[0, 0]]]
    close(forces[0], forces[1])
    for back in transformations.inverse_transform_systems(copies):
        close(back.positions, system.positions)
        close(back.cell, system.cell)
        for request in system.known_neighbor_lists():
            close(back.get_neighbor_list(request).values, system.get_neighbor_list(request).values)


def orders(degree):
    return torch.arange(-degree, degree + 1).reshape(-1, 1)


def tensor(components=(), keys=None, samples=None, n_properties=2):
    """One block with random values, and samples of systems 0 and 1."""
    samples = Labels(["system", "atom"], torch.tensor([[0, 0], [1, 0], [0, 1]])) if samples is None else samples
    shape = [len(samples), *(len(component) for component in components), n_properties]
    properties = Labels("n", torch.arange(n_properties).reshape(-1, 1))
    block = TensorBlock(torch.randn(shape, dtype=torch.float64), samples, list(components), properties)
    return TensorMap(Labels("_", torch.tensor([[0]])) if keys is None else keys, [block])


def irreps(*numbers, suffixes=("",)):
    names = [name + suffix for suffix in suffixes for name in ["o3_lambda", "o3_sigma"]]
    return Labels(names, torch.tensor([numbers]))


XYZ = Labels("xyz", torch.arange(3).reshape(3, 1))
XYZ_1, XYZ_2 = Labels("xyz_1", XYZ.values), Labels("xyz_2", XYZ.values)


def test_data_of_systems():
    system = System(torch.tensor([1, 1]), torch.randn(2, 3).double(), torch.zeros(3, 3).double(), torch.tensor([False] * 3))
    samples = Labels(["system", "atom"], torch.tensor([[0, 0], [0, 1]]))
    data = tensor([Labels("o3_mu", orders(1))], irreps(1, 1), samples)
    data.set_info("unit", "A")
    system.add_data("test::harmonics", data)
    transformations = some(2, 1)
    copies = transformations.transform_systems([system, system])
    values = data.block().values.movedim(1, -1)
    for i, copy in enumerate(copies):
        found = copy.get_data("test::harmonics")
        close(found.block().values.movedim(1, -1), transformations.transform_spherical(values, 1, 1)[i])
        assert found.get_info("unit") == "A"


def test_matrices_as_outer_products():
    """A product of two vectors becomes the product of the rotated vectors, for spherical components too."""
    transformations = some(2, 2)
    vectors = torch.randn(2, 3, 3, dtype=torch.float64)  # two vectors for each of three samples
    rows = torch.tensor([0, 1, 0])
    rotated = transformations.transform_cartesian(vectors)[rows, :, torch.arange(3)].movedim(1, 0)
    map_ = tensor([XYZ_1, XYZ_2], n_properties=1)
    map_.block().values[:] = (vectors[0][:, :, None] * vectors[1][:, None, :])[..., None]
    expected = rotated[0][:, :, None] * rotated[1][:, None, :]
    found = transformations.transform_tensormap(map_)
    close(found.block().values[..., 0], expected)
    close(transformations.inverse_transform_tensormap(found).block().values, map_.block().values)

    mixed = tensor([Labels("o3_mu_1", orders(1)), Labels("o3_mu_2", orders(2))], irreps(1, 1, 2, 1, suffixes=["_1", "_2"]), None, 1)
    products = vectors[0][:, [1, 2, 0], None] * quadratic_harmonics(vectors[1])[:, None, :]
    mixed.block().values[:] = products[..., None]
    expected = rotated[0][:, [1, 2, 0], None] * quadratic_harmonics(rotated[1])[:, None, :]
    close(transformations.transform_tensormap(mixed).block().values[..., 0], expected)


def test_which_transformation_a_sample_gets():
    transformations = some(3)
    map_ = tensor([XYZ], samples=Labels(["atom", "system"], torch.tensor([[0, 7], [0, -2], [1, 40], [1, 7]])))
    found = transformations.transform_tensormap(map_, torch.tensor([40, 7, -2])).block().values
    every = transformations.transform_cartesian(map_.block().values.movedim(1, -1)).movedim(-1, 2)
    close(found, torch.stack([every[1, 0], every[2, 1], every[0, 2], every[1, 3]]))
    # with one, no sample needs a system
    one, lonely = some(1), tensor([XYZ], samples=Labels("atom", torch.tensor([[3], [5]])))
    expected = one.transform_cartesian(lonely.block().values.movedim(1, -1)).movedim(-1, 1)
    close(one.transform_tensormap(lonely).block().values, expected)


def test_gradients():
    """Gradients go with the sample that they belong to."""
    transformations = some(2)
    block = tensor().block().copy()
    rows = Labels(["sample", "system", "atom"], torch.tensor([[0, 0, 0], [1, 1, 0], [1, 1, 1], [2, 0, 0]]))
    values = torch.randn(4, 3, 2, dtype=torch.float64)
    block.add_gradient("positions", TensorBlock(values, rows, [XYZ], block.properties))
    map_ = TensorMap(Labels("_", torch.tensor([[0]])), [block])
    found = transformations.transform_tensormap(map_).block()
    every = transformations.transform_cartesian(values.movedim(1, -1)).movedim(-1, 2)
    expected = torch.stack([every[0, 0], every[1, 1], every[1, 2], every[0, 3]])
    close(found.gradient("positions").values, expected)
    assert torch.equal(found.values, map_.block().values)
    key = map_.keys.entry(0)
    back = transformations.inverse_transform_block(key, transformations.transform_block(key, map_.block()))
    close(back.gradient("positions").values, values)


class Rotated(torch.nn.Module):
    """Calls transformations in scripted code."""

    def __init__(self, transformations: O3Transformations):
        super().__init__()
        self.transformations = transformations

    def forward(self, systems: List[System], data: TensorMap, values: torch.Tensor):
        systems = self.transformations.inverse_transform_systems(self.transformations.transform_systems(systems), True)
        block = self.transformations.transform_block(data.keys.entry(0), data.block_by_id(0))
        values = self.transformations.inverse_transform_spherical(self.transformations.transform_cartesian(values), 1, -1)
        return systems[0].positions, block.values, self.transformations.transform_tensormap(data).block().values, values


def test_scripted():
    module = Rotated(some(2, 2))
    system = make_system(structure([1, 6], [[0.0, 0.0, 0.0], [0.0, 1.0, 0.5]]), [])
    arguments = [system, system], tensor([Labels("o3_mu", orders(2))], irreps(2, -1)), torch.randn(4, 3).double()
    for found, expected in zip(torch.jit.script(module)(*arguments), module(*arguments)):
        close(found, expected)


EYE = torch.eye(3, dtype=torch.float64)[None]


@pytest.mark.parametrize(
    "error, message, call",
    [
        (TypeError, "`max_angular_momentum` must be an integer, got float", lambda: O3Transformations(EYE, 1.5)),
        (TypeError, "`max_angular_momentum` must be an integer, got bool", lambda: O3Transformations(EYE, True)),
        (ValueError, "`max_angular_momentum` must be at least 0, got -1", lambda: O3Transformations(EYE, -1)),
        (TypeError, "torch.float32 or torch.float64, got torch.int32", lambda: O3Transformations(EYE.int(), 0)),
        (TypeError, "must be a tensor .*, got list", lambda: O3Transformations([[1.0]], 0)),
        (ValueError, r"shape \[n, 3, 3\] with n > 0, got \[3, 3\]", lambda: O3Transformations(EYE[0], 0)),
        (ValueError, r"shape \[n, 3, 3\] with n > 0, got \[0, 3, 3\]", lambda: O3Transformations(EYE[:0], 0)),
        (ValueError, "must be orthogonal, but .* deviate by 3.0e", lambda: O3Transformations(2 * EYE, 0)),
        (ValueError, "must be orthogonal, but .* deviate by nan", lambda: O3Transformations(math.nan * EYE, 0)),
        (ValueError, "`n` must be at least 1, got 0", lambda: random_transformations(0, device=CPU, dtype=torch.float64)),
        (ValueError, "float64, got torch.float16", lambda: random_transformations(1, device=CPU, dtype=torch.float16)),
        (ValueError, "`ell` must be from 0 to max_angular_momentum=2, got 3", lambda: some(1, 2).wigner_D_matrices(3)),
        (ValueError, "max_angular_momentum=2, got -1", lambda: some(1, 2).inverse_wigner_D_matrices(-1)),
        (ValueError, r"shape \[..., 3\], got \[2, 2\]", lambda: some(1).transform_cartesian(torch.ones(2, 2).double())),
        (ValueError, "dtype and device .* got torch.float32", lambda: some(1).transform_cartesian(torch.ones(2, 3))),
        (ValueError, r"shape \[..., 5\]", lambda: some(1, 2).transform_spherical(torch.ones(2, 3).double(), 2, 1)),
        (ValueError, "`sigma` must be 1 or -1, got 2", lambda: some(1, 1).transform_spherical(torch.ones(2, 3).double(), 1, 2)),
        (ValueError, "one system for each of the 2 transformations, got 0", lambda: some(2).transform_systems([])),
        (ValueError, r"components \['foo'\] can not be transformed", lambda: transform(Labels("foo", XYZ.values))),
        (ValueError, r"components \['xyz_10'\] can not be", lambda: transform(Labels("xyz_10", XYZ.values))),
        (ValueError, r"components \['xyz_0'\] can not be", lambda: transform(Labels("xyz_0", XYZ.values))),
        (ValueError, r"'xyz' must be \[0, 1, 2\], got \[2, 1, 0\]", lambda: transform(Labels("xyz", XYZ.values.flip(0)))),
        (ValueError, "'o3_mu' need 'o3_lambda' in the keys, which have", lambda: transform(Labels("o3_mu", orders(1)))),
        (ValueError, "'o3_mu_1' need 'o3_lambda_1'", lambda: transform(Labels("o3_mu_1", orders(1)), irreps(1, 1))),
        (ValueError, r"of degree 1 must be \[-1, 0, 1\], got \[-2", lambda: transform(Labels("o3_mu", orders(2)), irreps(1, 1))),
        (ValueError, "'o3_sigma' must be 1 or -1, got 3", lambda: transform(Labels("o3_mu", orders(1)), irreps(1, 3))),
        (ValueError, "max_angular_momentum=2, got 3", lambda: transform(Labels("o3_mu", orders(3)), irreps(3, 1))),
        (ValueError, "no transformation of system 1", lambda: some(2).transform_tensormap(tensor(), torch.tensor([0, 5]))),
        (ValueError, "2 different integers", lambda: some(2).transform_tensormap(tensor(), torch.tensor([0, 0]))),
        (ValueError, "2 different integers", lambda: some(2).transform_tensormap(tensor(), torch.tensor([[0, 1]]))),
        (ValueError, r"a dimension 'system', got \['atom'\]", lambda: transform_two(Labels("atom", torch.tensor([[0]])))),
        (ValueError, "no transformation of system 7", lambda: transform_two(Labels("system", torch.tensor([[7]])))),
    ],
)
def test_errors(error, message, call):
    with pytest.raises(error, match=message):
        call()


def transform(component, keys=None):
    return some(1, 2).transform_tensormap(tensor([component], keys))


def transform_two(samples):
    return some(2).transform_tensormap(tensor(samples=samples))


def test_energies_of_atoms_move_with_them():
    """What a model says of atoms in a rotated system is what it says of them in the system."""
    (rotated,) = some(1).transform_systems([make_system(SILICON, [])])
    model = silicon()
    close(energies(model, SILICON._replace(positions=rotated.positions, cell=rotated.cell), "atom"), energies(model, SILICON, "atom"))
