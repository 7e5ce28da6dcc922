# SPDX-License-Identifier: BSD-3-Clause
"""vesin-torch beside this library: its pairs, also differentiable and in scripted code, make systems for our models."""

import itertools

import pytest
import torch
import vesin
import vesin_torch
from atoms import PAIR_NAMES, energies, evaluate, forces
from example_models import DIAMOND, perturbed, silicon

from metatensor.torch import Labels, TensorBlock
from metatomic.torch import NeighborListOptions, System


ATOMS = perturbed(5.43, DIAMOND, [14] * 8, 0.2)


class Neighbors(torch.nn.Module):
    """A system with the pairs that vesin finds."""

    def __init__(self, request: NeighborListOptions):
        super().__init__()
        self.request = request
        self.calculator = vesin_torch.NeighborList(request.cutoff, request.full_list)

    def forward(self, types: torch.Tensor, positions: torch.Tensor, cell: torch.Tensor) -> System:
        i, j, shifts, vectors = self.calculator.compute(positions, cell, True, "ijSD", True)
        names = ["first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"]
        pairs = TensorBlock(
            vectors[:, :, None],
            Labels(names, torch.cat([i[:, None], j[:, None], shifts], dim=1).to(torch.int32)),
            [Labels("xyz", torch.tensor([[0], [1], [2]]))],
            Labels("distance", torch.tensor([[0]])),
        )
        system = System(types, positions, cell, torch.tensor([True, True, True]))
        system.add_neighbor_list(self.request, pairs)
        return system


@pytest.mark.parametrize("is_scripted", [False, True])
def test_energy_and_forces(is_scripted):
    model = silicon()
    (request,) = model.requested_neighbor_lists()
    neighbors = Neighbors(request)
    if is_scripted:
        neighbors = torch.jit.script(neighbors)
    positions = ATOMS.positions.clone().requires_grad_(True)
    system = neighbors(torch.tensor(ATOMS.types, dtype=torch.int32), positions, ATOMS.cell)
    energy = evaluate(model, [system]).values.sum()
    torch.testing.assert_close(energy, energies(model, ATOMS), rtol=1e-13, atol=0)
    (gradient,) = torch.autograd.grad(energy, positions)
    difference = (-gradient - forces(model, ATOMS)).abs().max()
    print(f"\n{len(system.get_neighbor_list(request))} pairs: forces differ by {difference:.1e} at most", end="")
    torch.testing.assert_close(-gradient, forces(model, ATOMS), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("full_list", [False, True])
def test_same_pairs_as_in_python(full_list):
    request = NeighborListOptions(4.0, full_list, True)
    system = Neighbors(request)(torch.tensor(ATOMS.types, dtype=torch.int32), ATOMS.positions, ATOMS.cell)
    samples = system.get_neighbor_list(request).samples
    assert samples.names == PAIR_NAMES
    calculator = vesin.NeighborList(cutoff=4.0, full_list=full_list)
    i, j, shifts = calculator.compute(ATOMS.positions.numpy(), ATOMS.cell.numpy(), periodic=True, quantities="ijS")
    expected = {(int(a), int(b), *map(int, shift)) for a, b, shift in zip(i, j, shifts)}
    assert len(expected) == len(samples) > 40
    assert {tuple(row) for row in itertools.chain(samples.values.tolist())} == expected
