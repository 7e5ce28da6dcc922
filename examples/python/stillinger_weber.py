# SPDX-License-Identifier: BSD-3-Clause
"""The Stillinger-Weber potential as an atomistic model, with the parameter files of LAMMPS's ``pair_style sw``.

    E = sum_i sum_{j>i} phi2(r_ij) + sum_i sum_{j!=i} sum_{k>j} phi3(r_ij, r_ik, theta_jik)
    phi2 = A eps (B (sigma / r)^p - (sigma / r)^q) exp(sigma / (r - a sigma))
    phi3 = lambda eps (cos theta - cos theta0)^2
           exp(gamma sigma_ij / (r_ij - a_ij sigma_ij)) exp(gamma sigma_ik / (r_ik - a_ik sigma_ik))

What belongs to a pair of elements i j stands in the entry ``i j j`` of the file; lambda, eps and cos theta0 of
phi3 in ``i j k`` (the same as ``i k j``, or the energy would depend on the order of neighbors). The energy of
a triplet goes to the atom in its centre. Write a model for silicon with

    python stillinger_weber.py --output sw-silicon.pt
"""

import argparse
import math
import os
from typing import Dict, List, NamedTuple, Optional, Tuple, Union

import torch

from energy_output import atoms_of_system, energy_output
from metatensor.torch import Labels, TensorMap
from metatomic.torch import (
    AtomisticModel,
    ModelCapabilities,
    ModelMetadata,
    ModelOutput,
    NeighborListOptions,
    System,
)


# fmt: off
ELEMENTS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr "
    "Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu "
    "Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn"
).split()
# fmt: on


class Parameters(NamedTuple):
    """Numbers of one entry of a parameter file, in its order."""

    epsilon: float
    sigma: float
    a: float
    lambda_: float
    gamma: float
    cos_theta0: float
    A: float
    B: float
    p: float
    q: float
    tol: float

    def reach(self) -> float:
        """Distance from which on there is no interaction: a sigma, or less if ``tol`` asks for it."""
        if self.tol <= 0.0:
            return self.a * self.sigma
        return self.a * self.sigma + min(self.gamma, 1.0) * self.sigma / math.log(min(self.tol, 0.01))


Entries = Dict[Tuple[str, str, str], Parameters]


def read_parameters(path: Union[str, os.PathLike]) -> Entries:
    """All entries of a LAMMPS parameter file, by their three elements."""
    with open(path) as file:
        words = [word for line in file for word in line.partition("#")[0].split()]
    n_words = 3 + len(Parameters._fields)
    if len(words) == 0 or len(words) % n_words != 0:
        raise ValueError(f"'{path}' must have {n_words} words for each entry, got {len(words)} in all")
    entries = {}
    for start in range(0, len(words), n_words):
        elements = tuple(words[start : start + 3])
        entries[elements] = Parameters(*map(float, words[start + 3 : start + n_words]))
    return entries


class StillingerWeber(torch.nn.Module):
    """Pairs and triplets of atoms, all of them at once."""

    def __init__(self, entries: Entries, elements: List[str]):
        """
        :param entries: parameters of all triplets of the elements
        :param elements: elements of the model
        """
        super().__init__()
        missing = [
            " ".join([i, j, k])
            for i in elements
            for j in elements
            for k in elements
            if (i, j, k) not in entries
        ]
        if missing:
            raise ValueError(f"the parameters have no entry for {', '.join(missing)}")

        pairs = [entries[i, j, j] for i in elements for j in elements]
        triplets = [entries[i, j, k] for i in elements for j in elements for k in elements]
        cutoff = max(pair.reach() for pair in pairs)
        self.request = NeighborListOptions(cutoff, True, True, "stillinger-weber")
        self.p, self.q = _common_exponents(pairs)
        self.n_elements = len(elements)

        # [7, n_elements^2] and [2, n_elements^3]: a row for each parameter
        pair_rows = [_pair_row(pair) for pair in pairs]
        self.register_buffer("pair_table", torch.tensor(pair_rows, dtype=torch.float64).T)
        triplet_rows = [[triplet.lambda_ * triplet.epsilon, triplet.cos_theta0] for triplet in triplets]
        self.register_buffer("triplet_table", torch.tensor(triplet_rows, dtype=torch.float64).T)
        self.register_buffer("ones", torch.ones(3, dtype=torch.float64))
        # position of a type in these tables
        numbers = [ELEMENTS.index(element) + 1 for element in elements]
        index_of_type = torch.zeros(max(numbers) + 1, dtype=torch.int64)
        index_of_type[numbers] = torch.arange(len(numbers))
        self.register_buffer("index_of_type", index_of_type)

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        return [self.request]

    def forward(
        self,
        systems: List[System],
        outputs: Dict[str, ModelOutput],
        selected_atoms: Optional[Labels],
    ) -> Dict[str, TensorMap]:
        if "energy" not in outputs:
            return {}

        per_atom = outputs["energy"].sample_kind == "atom"
        energies: List[torch.Tensor] = []
        for index, system in enumerate(systems):
            selected = atoms_of_system(selected_atoms, index, len(systems))
            energies.append(self.energies(system, selected, per_atom))
        return {"energy": energy_output(energies, systems, per_atom, selected_atoms)}

    def energies(self, system: System, selected: Optional[torch.Tensor], per_atom: bool) -> torch.Tensor:
        """Energies [n_selected], or their sum [1]."""
        pairs = system.get_neighbor_list(self.request)
        first = pairs.samples.column("first_atom").to(torch.int64)
        second = pairs.samples.column("second_atom").to(torch.int64)
        vectors = pairs.values.squeeze(-1)
        if bool((first[1:] < first[:-1]).any()):  # triplets are made from pairs in rows by their first atom
            order = torch.argsort(first, stable=True)
            first, second, vectors = first[order], second[order], take_rows(vectors, order)

        type_index = self.index_of_type.index_select(0, system.types)
        pair_type = type_index.index_select(0, first) * self.n_elements + type_index.index_select(0, second)
        distances = torch.mv(vectors.square(), self.ones).sqrt()
        pair_energies, screening = self.pair_terms(distances, pair_type)
        j, k = pairs_of_pairs(first, len(system))
        if selected is not None and not per_atom:
            is_selected = torch.zeros(len(system), dtype=distances.dtype, device=distances.device)
            weights = is_selected.index_fill_(0, selected, 1.0).index_select(0, first)
            pair_energies, screening = pair_energies * weights, screening * weights

        strength, cos_theta0 = self.triplet_parameters(pair_type, j, k)
        directions = vectors / distances.unsqueeze(1)
        cos_theta = torch.mv(take_rows(directions, j) * take_rows(directions, k), self.ones)
        triplet_energies = (cos_theta - cos_theta0).square() * (
            screening.index_select(0, j) * screening.index_select(0, k) * strength
        )

        if not per_atom:
            return (0.5 * pair_energies.sum() + triplet_energies.sum()).reshape(1)
        energies = torch.zeros(len(system), dtype=distances.dtype, device=distances.device)
        energies = energies.index_add(0, first, pair_energies, alpha=0.5)
        energies = energies.index_add(0, first.index_select(0, j), triplet_energies)
        return energies if selected is None else energies.index_select(0, selected)

    def pair_terms(
        self, distances: torch.Tensor, pair_type: torch.Tensor
    ) -> Tuple[torch.Tensor, torch.Tensor]:
        """phi2 [n_pairs], and the factor [n_pairs] of phi3 that depends on this pair."""
        table = self.pair_table
        if self.n_elements > 1:
            table = table.index_select(1, pair_type)
        sigma, end, reach, gamma_sigma, strength, B, is_used = table.unbind(0)

        # within the reach, r - a sigma is negative; exp(sigma / (r - a sigma)) goes to 0 with all derivatives
        inside = distances < reach
        gap = torch.where(inside, distances - end, -sigma)
        inside_factor = inside.to(distances.dtype) * is_used
        ratio = sigma / distances
        radial = B * power(ratio, self.p) - power(ratio, self.q)
        pair_energies = strength * radial * torch.exp(sigma / gap) * inside_factor
        return pair_energies, torch.exp(gamma_sigma / gap) * inside_factor

    def triplet_parameters(
        self, pair_type: torch.Tensor, j: torch.Tensor, k: torch.Tensor
    ) -> Tuple[torch.Tensor, torch.Tensor]:
        """lambda epsilon and cos theta0, [n_triplets] or [1]."""
        table = self.triplet_table
        if self.n_elements > 1:
            element_k = pair_type.index_select(0, k) % self.n_elements
            triplet_type = pair_type.index_select(0, j) * self.n_elements + element_k
            table = table.index_select(1, triplet_type)
        return table[0], table[1]


def _pair_row(pair: Parameters) -> List[float]:
    """sigma, a sigma, reach, gamma sigma, A epsilon, B, and whether this pair interacts at all."""
    if pair.reach() <= 0.0:
        return [1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0]
    return [
        pair.sigma,
        pair.a * pair.sigma,
        pair.reach(),
        pair.gamma * pair.sigma,
        pair.A * pair.epsilon,
        pair.B,
        1.0,
    ]


def _common_exponents(pairs: List[Parameters]) -> Tuple[float, float]:
    exponents = {(pair.p, pair.q) for pair in pairs if pair.reach() > 0.0}
    if len(exponents) != 1:
        raise ValueError(f"p and q must be the same for all pairs of elements, got {sorted(exponents)}")
    return exponents.pop()


def power(base: torch.Tensor, exponent: float) -> torch.Tensor:
    """``base ** exponent`` without the general power where the usual exponents need none."""
    if exponent == 0.0:
        return torch.ones_like(base)
    if exponent == 4.0:
        return base.square().square()
    return base.pow(exponent)


def take_rows(vectors: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """``vectors[rows]`` for [n, 3] vectors; the derivative of this is the fast one on CPU."""
    return torch.gather(vectors, 0, rows.unsqueeze(1).expand(-1, 3))


def pairs_of_pairs(first: torch.Tensor, n_atoms: int) -> Tuple[torch.Tensor, torch.Tensor]:
    """All (j, k), j < k, of pairs with the same first atom; ``first`` [n_pairs] must be sorted."""
    pairs = torch.arange(first.shape[0], device=first.device)
    row_sizes = torch.zeros(n_atoms, dtype=torch.int64, device=first.device)
    row_sizes = row_sizes.index_add(0, first, torch.ones_like(first))
    n_later = row_sizes.cumsum(0).index_select(0, first) - 1 - pairs
    j = torch.repeat_interleave(pairs, n_later)
    # the triplets of pair j are numbered from n_later[:j].sum() on, and have k = j + 1, j + 2, ...
    k_offset = pairs + 1 + n_later - n_later.cumsum(0)
    return j, torch.arange(j.shape[0], device=j.device) + k_offset.index_select(0, j)


def stillinger_weber_model(
    parameters: Union[str, os.PathLike],
    elements: Optional[List[str]] = None,
    dtype: str = "float64",
    length_unit: str = "angstrom",
    energy_unit: str = "eV",
) -> AtomisticModel:
    """The model ready to be run or saved.

    :param parameters: parameter file as for ``pair_style sw``, in the given units
    :param elements: elements of the model, by default all of the file; their types are the atomic numbers
    """
    entries = read_parameters(parameters)
    if elements is None:
        elements = sorted({element for triplet in entries for element in triplet}, key=ELEMENTS.index)
    model = StillingerWeber(entries, elements)
    description = "Stillinger-Weber pairs and triplets"
    energy = ModelOutput(unit=energy_unit, sample_kind="atom", description=description)
    capabilities = ModelCapabilities(
        outputs={"energy": energy},
        atomic_types=[ELEMENTS.index(element) + 1 for element in elements],
        interaction_range=model.request.cutoff,
        length_unit=length_unit,
        supported_devices=["cuda", "cpu"],
        dtype=dtype,
    )
    metadata = ModelMetadata(
        name="Stillinger-Weber",
        description=description,
        references={"architecture": ["https://doi.org/10.1103/PhysRevB.31.5262"]},
    )
    return AtomisticModel(model.to(getattr(torch, dtype)).eval(), metadata, capabilities)


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes a Stillinger-Weber model.")
    parser.add_argument("--output", default="stillinger-weber.pt", help="file to write")
    silicon = os.path.join(os.path.dirname(__file__), "silicon.sw")
    parser.add_argument("--parameters", default=silicon, help="parameter file (default: silicon.sw beside this script)")
    parser.add_argument("--elements", nargs="+", help="elements of the model (default: all of the file)")
    parser.add_argument("--dtype", choices=["float32", "float64"], default="float64")
    parser.add_argument("--length-unit", default="angstrom")
    parser.add_argument("--energy-unit", default="eV")
    arguments = parser.parse_args()

    model = stillinger_weber_model(
        arguments.parameters,
        arguments.elements,
        arguments.dtype,
        arguments.length_unit,
        arguments.energy_unit,
    )
    model.save(arguments.output)
    print(f"wrote {arguments.output}")


if __name__ == "__main__":
    main()
