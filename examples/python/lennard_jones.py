# SPDX-License-Identifier: BSD-3-Clause
"""The Lennard-Jones potential as an atomistic model.

The energy of a pair at distance r is ``4 epsilon ((sigma / r)^12 - (sigma / r)^6)`` within the cutoff, without
a shift: the same as LAMMPS's ``pair_style lj/cut``. Write a model for argon with

    python lennard_jones.py --output lj-argon.pt --sigma 3.405 --epsilon 0.0103 --cutoff 8.5 --full-list
"""

import argparse
from typing import Dict, List, Optional

import torch

from energy_output import atoms_of_system, energy_output
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import (
    AtomisticModel,
    ModelCapabilities,
    ModelMetadata,
    ModelOutput,
    NeighborListOptions,
    System,
)


class LennardJones(torch.nn.Module):
    """Lennard-Jones pairs between atoms of one or several types.

    Everything is computed in units of the first type's sigma and epsilon, and the energy is scaled at the end,
    so that a single type needs no parameters for each pair.
    """

    def __init__(
        self,
        atomic_types: List[int],
        sigma: List[float],
        epsilon: List[float],
        cutoff: float,
        full_list: bool,
    ):
        """
        :param atomic_types: types of atoms in the systems
        :param sigma: for each type, the distance where the energy of two of these atoms is zero
        :param epsilon: for each type, the depth of the well; unlike atoms take geometric means of both
        :param cutoff: pairs beyond have no energy
        :param full_list: ask for a list with each pair twice? Half the work without, if the engine can do it
        """
        super().__init__()
        self.request = NeighborListOptions(cutoff, full_list, True, "lennard-jones")
        self.energy_scale = 4.0 * epsilon[0]
        self.single_type = len(atomic_types) == 1

        # [3] (r / sigma)^2 is the product of the squares of x, y, z with this, in one pass
        self.register_buffer("inverse_sigma2", torch.full([3], sigma[0] ** -2, dtype=torch.float64))
        # [n_types, n_types] coefficients of (sigma_00 / r)^12 and (sigma_00 / r)^6
        sigma6 = (torch.tensor(sigma, dtype=torch.float64) / sigma[0]) ** 3
        sigma6 = torch.outer(sigma6, sigma6)
        well = (torch.tensor(epsilon, dtype=torch.float64) / epsilon[0]).sqrt()
        well = torch.outer(well, well)
        self.register_buffer("repulsion", well * sigma6**2)
        self.register_buffer("attraction", well * sigma6)
        # position of a type in these tables
        index_of_type = torch.zeros(max(atomic_types) + 1, dtype=torch.int64)
        index_of_type[atomic_types] = torch.arange(len(atomic_types))
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
            if per_atom:
                energies.append(self.energy_per_atom(system, selected))
            else:
                energies.append(self.energy_of_system(system, selected).reshape(1))
        return {"energy": energy_output(energies, systems, per_atom, selected_atoms)}

    def energy_of_system(self, system: System, selected: Optional[torch.Tensor]) -> torch.Tensor:
        """Energy [] of the selected atoms: they have half of that of each of their pairs."""
        pairs = system.get_neighbor_list(self.request)
        pair_energies = self.pair_energies(system, pairs)
        if selected is None:
            share = 0.5 if self.request.full_list else 1.0
            return (share * self.energy_scale) * pair_energies.sum()

        weights = torch.zeros(len(system), dtype=pair_energies.dtype, device=pair_energies.device)
        weights.index_fill_(0, selected, 0.5 * self.energy_scale)
        pair_weights = weights.index_select(0, pairs.samples.column("first_atom"))
        if not self.request.full_list:
            pair_weights += weights.index_select(0, pairs.samples.column("second_atom"))
        return torch.dot(pair_energies, pair_weights)

    def energy_per_atom(self, system: System, selected: Optional[torch.Tensor]) -> torch.Tensor:
        """Energies [n_selected]: half of that of each pair for either of its atoms."""
        pairs = system.get_neighbor_list(self.request)
        pair_energies = self.pair_energies(system, pairs)
        energies = torch.zeros(len(system), dtype=pair_energies.dtype, device=pair_energies.device)
        energies = energies.index_add(0, pairs.samples.column("first_atom").to(torch.int64), pair_energies)
        if not self.request.full_list:
            second = pairs.samples.column("second_atom").to(torch.int64)
            energies = energies.index_add(0, second, pair_energies)
        if selected is not None:
            energies = energies.index_select(0, selected)
        return (0.5 * self.energy_scale) * energies

    def pair_energies(self, system: System, pairs: TensorBlock) -> torch.Tensor:
        """Energies [n_pairs] in units of ``energy_scale``."""
        vectors = pairs.values.squeeze(-1)
        distances2 = torch.mv(vectors.square(), self.inverse_sigma2)
        inverse6 = distances2.reciprocal().pow(3)
        if self.single_type:
            return inverse6 * (inverse6 - 1.0)

        type_index = self.index_of_type.index_select(0, system.types)
        first = type_index.index_select(0, pairs.samples.column("first_atom"))
        second = type_index.index_select(0, pairs.samples.column("second_atom"))
        entry = first * self.repulsion.shape[0] + second
        repulsion = self.repulsion.flatten().index_select(0, entry)
        attraction = self.attraction.flatten().index_select(0, entry)
        return inverse6 * (repulsion * inverse6 - attraction)


def lennard_jones_model(
    atomic_types: List[int],
    sigma: List[float],
    epsilon: List[float],
    cutoff: float,
    dtype: str = "float64",
    full_list: bool = True,
    length_unit: str = "angstrom",
    energy_unit: str = "eV",
) -> AtomisticModel:
    """The model ready to be run or saved; see :py:class:`LennardJones` for the parameters."""
    model = LennardJones(atomic_types, sigma, epsilon, cutoff, full_list)
    description = "12-6 Lennard-Jones pairs with a plain cutoff"
    energy = ModelOutput(unit=energy_unit, sample_kind="atom", description=description)
    capabilities = ModelCapabilities(
        outputs={"energy": energy},
        atomic_types=atomic_types,
        interaction_range=cutoff,
        length_unit=length_unit,
        supported_devices=["cuda", "cpu"],
        dtype=dtype,
    )
    metadata = ModelMetadata(name="Lennard-Jones", description=description)
    return AtomisticModel(model.to(getattr(torch, dtype)).eval(), metadata, capabilities)


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes a Lennard-Jones model.")
    parser.add_argument("--output", default="lennard-jones.pt", help="file to write")
    parser.add_argument("--types", type=int, nargs="+", default=[18], help="types of atoms")
    parser.add_argument("--sigma", type=float, nargs="+", default=[3.405], help="one for each type")
    parser.add_argument("--epsilon", type=float, nargs="+", default=[0.0103], help="one for each type")
    parser.add_argument("--cutoff", type=float, default=8.5)
    parser.add_argument("--dtype", choices=["float32", "float64"], default="float64")
    parser.add_argument("--length-unit", default="angstrom")
    parser.add_argument("--energy-unit", default="eV")
    lists = parser.add_mutually_exclusive_group()
    lists.add_argument("--full-list", dest="full_list", action="store_true", help="pairs twice (default)")
    lists.add_argument("--half-list", dest="full_list", action="store_false", help="pairs once")
    parser.set_defaults(full_list=True)
    arguments = parser.parse_args()
    if not len(arguments.types) == len(arguments.sigma) == len(arguments.epsilon):
        parser.error("--types, --sigma and --epsilon must have as many values")

    model = lennard_jones_model(
        arguments.types,
        arguments.sigma,
        arguments.epsilon,
        arguments.cutoff,
        arguments.dtype,
        arguments.full_list,
        arguments.length_unit,
        arguments.energy_unit,
    )
    model.save(arguments.output)
    print(f"wrote {arguments.output}")


if __name__ == "__main__":
    main()
