# SPDX-License-Identifier: BSD-3-Clause
"""Models with the DFT-D3 dispersion correction, damped after Becke and Johnson, on top of their outputs."""

import math
import pathlib
import warnings
from typing import Dict, Final, List, NamedTuple, Optional, Tuple

import torch

from metatensor_torch import Labels, TensorBlock, TensorMap

from ._classes import ModelOutput, NeighborListOptions, System, unit_conversion_factor
from ._info import with_info
from ._requests import DEPRECATED_NAMES, translate_name
from ._wrapping import ModelAround, capabilities_with, own_outputs
from .model import AtomisticModel


__all__ = ["DFTD3", "published_tables"]


CUTOFF = 50.0  # bohr
CN_CUTOFF = 25.0  # bohr

#: what can be corrected, in which unit the correction is computed
UNITS = {
    "energy": "Hartree",
    "non_conservative_force": "Hartree/Bohr",
    "non_conservative_stress": "Hartree/Bohr^3",
}
TABLES = {"rcov": 1, "r4r2": 1, "c6": 4, "cn_ref": 2}


class Pairs(NamedTuple):
    """Pairs of one system, each once, and what their energies depend on; lengths in bohr."""

    first: torch.Tensor
    second: torch.Tensor
    #: [n_pairs, 3] from the first atom to the second, and their length
    vectors: torch.Tensor
    distances: torch.Tensor
    #: [n_pairs] is the pair counted as neighbors, and has it an energy?
    is_counted: torch.Tensor
    has_energy: torch.Tensor
    #: [n_pairs] 3 (r4r2)_i (r4r2)_j, the ratio of C8 to C6
    c8_per_c6: torch.Tensor
    c6: torch.Tensor
    #: [n_pairs] derivatives of C6 with respect to the coordination numbers of both atoms, if asked for
    c6_by_first: torch.Tensor
    c6_by_second: torch.Tensor
    #: [n_pairs] derivative of the count of a pair with respect to its distance, if asked for
    count_by_distance: torch.Tensor


class DFTD3(ModelAround):
    """A model, with the D3(BJ) dispersion correction added to some of its outputs.

    The energy of a pair at distance r is
    ``-s6 C6 / (r^6 + f^6) - s8 C8 / (r^8 + f^8)`` where ``f = a1 sqrt(C8 / C6) + a2``,
    and C6 depends on the coordination numbers of both atoms [S. Grimme et al., J. Chem. Phys. 132, 154104 (2010);
    J. Comput. Chem. 32, 1456 (2011)]; there are no energies of three atoms. Each atom has half of the energies of its pairs.
    All corrections can be differentiated. Those of non-conservative forces and stresses are the derivatives of the energy,
    without autograd; the stress of what has no volume is 0.
    """

    #: steepness of the counting of neighbors, and of the weights of reference systems
    STEEPNESS_OF_COUNTS: Final[float] = 16.0
    STEEPNESS_OF_WEIGHTS: Final[float] = 4.0

    def __init__(
        self,
        model: AtomisticModel,
        *,
        damping_params: Dict[str, Dict[str, float]],
        d3_params: Optional[Dict[str, torch.Tensor]] = None,
        cutoff: Optional[float] = None,
        cn_cutoff: Optional[float] = None,
        excluded_atom_types: Optional[List[int]] = None,
    ):
        """
        :param model: an atomistic model whose types of atoms are atomic numbers
        :param damping_params: by names of outputs (``energy``, ``non_conservative_force``, ``non_conservative_stress``, or variants
            of these), ``a1``, ``a2`` in bohr, ``s8`` and, if it is not 1, ``s6``
        :param d3_params: reference data by atomic number, in atomic units: ``rcov`` [n] radii for the counting of neighbors,
            ``r4r2`` [n], ``c6`` [n, n, m, m] for m reference systems of each element (0 where there is none), ``cn_ref`` [n, m]
            their coordination numbers (negative where there is none). ``None`` for the published ones of elements up to 103
        :param cutoff: where energies of pairs end, in the model's unit of length; ``None`` for 50 bohr
        :param cn_cutoff: where atoms stop to be counted as neighbors; ``None`` for 25 bohr
        :param excluded_atom_types: atoms whose pairs have no energy. They are counted as neighbors
        :raises TypeError: if ``model`` is no atomistic model, ``d3_params`` has something that is no tensor, or
            ``damping_params`` something that is no dict
        :raises KeyError: if a parameter or a table is missing
        :raises ValueError: if an output can not be corrected, a cutoff is not positive, a parameter not finite, tables do not
            fit to each other, or the model does not say its units
        """
        outputs = own_outputs(model)
        super().__init__(model)
        capabilities = model.capabilities()
        if capabilities.length_unit == "":
            raise ValueError("a dispersion correction needs a model with a unit of length")
        self._bohrs: float = unit_conversion_factor(capabilities.length_unit, "Bohr")
        #: in bohr
        self._cutoff = _positive("cutoff", cutoff, CUTOFF / self._bohrs) * self._bohrs
        self._cn_cutoff = _positive("cn_cutoff", cn_cutoff, CN_CUTOFF / self._bohrs) * self._bohrs
        longest = max(self._cutoff, self._cn_cutoff) / self._bohrs
        self._request = NeighborListOptions(longest, False, True, "DFTD3")
        self._neighbor_lists = [*self._neighbor_lists, self._request]

        #: by names of outputs: a1, a2, s6, s8, and what 1 atomic unit is in the unit of the output
        self._damping: Dict[str, List[float]] = {}
        if len(damping_params) == 0:
            raise ValueError("`damping_params` must have at least one output")
        for name, parameters in damping_params.items():
            own_name, unit = _output_to_correct(name, outputs)
            self._damping[own_name] = [*_damping(name, parameters), unit_conversion_factor(unit, outputs[own_name].unit)]

        tables = published_tables() if d3_params is None else d3_params
        _check_tables(tables)
        types = [z for z in capabilities.atomic_types if 0 <= z < len(tables["c6"]) and bool((tables["cn_ref"][z] >= 0).any())]
        left_out = sorted(set(capabilities.atomic_types) - set(types))
        if len(types) == 0:
            raise ValueError(f"`d3_params` has no reference systems for any of the types of the model, {left_out}")
        if len(left_out) > 0:
            warnings.warn(f"there is no dispersion correction, and so no model, for types of atoms {left_out}", stacklevel=2)
        self.atomic_types: List[int] = types
        dtype = getattr(torch, capabilities.dtype)
        for name in ["rcov", "r4r2", "cn_ref"]:
            self.register_buffer("_" + name, tables[name][types].to(dtype))
        c6 = tables["c6"][types][:, types].to(dtype)
        # [2, n_types, n_types, m, m] coefficients, and 1 where there is one
        self.register_buffer("_c6", torch.stack([c6, (c6 > 0).to(dtype)]))
        index_of_type = torch.zeros(max(types) + 1, dtype=torch.int64)
        index_of_type[types] = torch.arange(len(types))
        self.register_buffer("_index_of_type", index_of_type)
        excluded = [] if excluded_atom_types is None else [int(z) for z in excluded_atom_types]
        self.register_buffer("_is_included", torch.tensor([z not in excluded for z in types]))

    @staticmethod
    def wrap(
        model: AtomisticModel,
        *,
        damping_params: Dict[str, Dict[str, float]],
        d3_params: Optional[Dict[str, torch.Tensor]] = None,
        cutoff: Optional[float] = None,
        cn_cutoff: Optional[float] = None,
        excluded_atom_types: Optional[List[int]] = None,
    ) -> AtomisticModel:
        """A model whose outputs have a dispersion correction, for the elements for which there is one.

        :param model: an atomistic model whose types of atoms are atomic numbers
        :param damping_params: by names of outputs, ``a1``, ``a2``, ``s8`` and ``s6``, see :py:class:`DFTD3` for all of these
        :param d3_params: reference data by atomic number; ``None`` for the published ones
        :param cutoff: where energies of pairs end; ``None`` for 50 bohr
        :param cn_cutoff: where atoms stop to be counted as neighbors; ``None`` for 25 bohr
        :param excluded_atom_types: atoms whose pairs have no energy
        :returns: a model with the metadata and outputs of ``model``, without explicit gradients of those that are corrected
        :raises TypeError: KeyError, ValueError as :py:class:`DFTD3`
        """
        module = DFTD3(
            model,
            damping_params=damping_params,
            d3_params=d3_params,
            cutoff=cutoff,
            cn_cutoff=cn_cutoff,
            excluded_atom_types=excluded_atom_types,
        )
        outputs = own_outputs(model)
        for name in module._damping:
            output = outputs[name]
            outputs[name] = ModelOutput(unit=output.unit, sample_kind=output.sample_kind, description=output.description)
        # the energy of a pair depends on the neighbors of its atoms
        reach = (module._cutoff + module._cn_cutoff) / module._bohrs
        capabilities = capabilities_with(
            model,
            outputs,
            interaction_range=max(model.capabilities().interaction_range, reach),
            atomic_types=module.atomic_types,
        )
        return AtomisticModel(module.eval(), model.metadata(), capabilities)

    def forward(
        self,
        systems: List[System],
        outputs: Dict[str, ModelOutput],
        selected_atoms: Optional[Labels],
    ) -> Dict[str, TensorMap]:
        """All that is asked for, see :py:meth:`metatomic.torch.ModelInterface.forward`. ``selected_atoms`` are counted as
        others, and their shares of energies and stresses are added."""
        results = self.module(systems, outputs, selected_atoms)
        names: List[str] = []
        for name in outputs.keys():
            if name in self._damping and name in results:
                names.append(name)
        if len(names) == 0:
            return results
        with_derivatives = any([not name.startswith("energy") for name in names])
        pairs = [self._pairs(system, with_derivatives) for system in systems]
        shares: List[torch.Tensor] = []
        for i, system in enumerate(systems):
            shares.append(_selected(system, i, selected_atoms))

        corrected: Dict[str, TensorMap] = {}
        for name, result in results.items():
            if name not in names:
                corrected[name] = result
                continue
            block = result.block()
            if len(block.gradients_list()) > 0:
                raise ValueError(f"there is no dispersion correction of explicit gradients, which '{name}' has")
            per_atom = "atom" in block.samples.names
            terms: List[torch.Tensor] = []
            for i, system in enumerate(systems):
                terms.append(self._term(name, system, pairs[i], shares[i], per_atom))
            values = _rows_for(block.samples, torch.cat(terms), systems, per_atom)
            values = block.values + values.reshape(block.values.shape) * self._damping[name][4]
            new_block = TensorBlock(values, block.samples, block.components, block.properties)
            corrected[name] = with_info(TensorMap(result.keys, [new_block]), result)
        return corrected

    def _term(self, name: str, system: System, pairs: Pairs, shares: torch.Tensor, per_atom: bool) -> torch.Tensor:
        """One correction for all atoms of a system [n_atoms, ...], or for itself [1, ...], in atomic units."""
        damping = self._damping[name]
        none = torch.zeros_like(system.positions)
        if name.startswith("energy"):
            halves = 0.5 * _energies(pairs, damping)
            energies = none[:, 0].index_add(0, pairs.first, halves).index_add(0, pairs.second, halves)
            return energies if per_atom else (energies * shares).sum().reshape(1)
        if per_atom:
            slopes = _slopes(pairs, damping, torch.ones_like(shares))
            forces = (slopes / pairs.distances)[:, None] * pairs.vectors
            return none.index_add(0, pairs.first, forces).index_add(0, pairs.second, -forces)
        slopes = _slopes(pairs, damping, shares)
        virial = (pairs.vectors * (slopes / pairs.distances)[:, None]).transpose(0, 1) @ pairs.vectors
        volume = torch.linalg.det(system.cell * self._bohrs).abs()
        return torch.where(volume > 0, virial / volume, torch.zeros_like(virial))[None]

    def _pairs(self, system: System, with_derivatives: bool) -> Pairs:
        neighbors = system.get_neighbor_list(self._request)
        first = neighbors.samples.column("first_atom").to(torch.int64)
        second = neighbors.samples.column("second_atom").to(torch.int64)
        vectors = neighbors.values.squeeze(2) * self._bohrs
        distances = torch.linalg.vector_norm(vectors, dim=1)
        types = self._index_of_type[system.types.to(torch.int64)]
        first_types, second_types = types[first], types[second]

        is_counted = distances < self._cn_cutoff * (1 + 1e-12)
        contact = (self._rcov[first_types] + self._rcov[second_types]) / distances
        counts = torch.sigmoid(self.STEEPNESS_OF_COUNTS * (contact - 1)) * is_counted
        numbers = torch.zeros_like(system.positions[:, 0]).index_add(0, first, counts).index_add(0, second, counts)
        weights, weights_by_number = self._weights(types, numbers)
        c6, by_first, by_second = self._coefficients(types, first, second, weights, weights_by_number, with_derivatives)
        has_energy = distances < self._cutoff * (1 + 1e-12)
        return Pairs(
            first=first,
            second=second,
            vectors=vectors,
            distances=distances,
            is_counted=is_counted,
            has_energy=has_energy & self._is_included[first_types] & self._is_included[second_types],
            c8_per_c6=3.0 * self._r4r2[first_types] * self._r4r2[second_types],
            c6=c6,
            c6_by_first=by_first,
            c6_by_second=by_second,
            count_by_distance=-self.STEEPNESS_OF_COUNTS * counts * (1 - counts) * contact / distances,
        )

    def _weights(self, types: torch.Tensor, numbers: torch.Tensor) -> Tuple[torch.Tensor, torch.Tensor]:
        """Weights [n_atoms, m] of reference systems by coordination numbers, which add up to 1, and their derivatives."""
        references = self._cn_ref[types]
        differences = numbers[:, None] - references
        exponents = -self.STEEPNESS_OF_WEIGHTS * differences**2
        weights = torch.softmax(exponents.masked_fill(references < 0, -float("inf")), dim=1)
        slopes = -2 * self.STEEPNESS_OF_WEIGHTS * differences
        return weights, weights * (slopes - (weights * slopes).sum(dim=1, keepdim=True))

    def _coefficients(
        self,
        types: torch.Tensor,
        first: torch.Tensor,
        second: torch.Tensor,
        weights: torch.Tensor,
        weights_by_number: torch.Tensor,
        with_derivatives: bool,
    ) -> Tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """C6 of pairs, and its derivatives with respect to the coordination number of the first and the second atom.

        C6 is the mean of the coefficients of all reference systems of both, as far as there are coefficients::

            C6 = sum_kl w_k w_l C6_kl / sum_kl w_k w_l (C6_kl > 0)
        """
        present, places = torch.unique(types, return_inverse=True)
        tables = self._c6[:, present][:, :, present][:, places]  # [2, n_atoms, n_present, m, m]
        rows = first * present.shape[0] + places[second]
        second_weights = weights[second]
        # sums over k first, for each atom and each type that the other atom can have
        sums = (torch.einsum("ak,xatkl->xatl", weights, tables).flatten(1, 2)[:, rows] * second_weights).sum(2)
        c6 = sums[0] / sums[1]
        if not with_derivatives:
            return c6, torch.zeros_like(c6), torch.zeros_like(c6)
        by_first = torch.einsum("ak,xatkl->xatl", weights_by_number, tables).flatten(1, 2)[:, rows] * second_weights
        by_second = torch.einsum("ak,xatkl->xatl", weights, tables).flatten(1, 2)[:, rows] * weights_by_number[second]
        by_first, by_second = by_first.sum(2), by_second.sum(2)
        return c6, (by_first[0] - c6 * by_first[1]) / sums[1], (by_second[0] - c6 * by_second[1]) / sums[1]


def _energies(pairs: Pairs, damping: List[float]) -> torch.Tensor:
    """Energies of pairs."""
    return -pairs.c6 * _damped(pairs, damping)


def _damped(pairs: Pairs, damping: List[float]) -> torch.Tensor:
    """The energy per C6, without its sign."""
    radii = damping[0] * pairs.c8_per_c6.sqrt() + damping[1]
    sixth = damping[2] / (pairs.distances**6 + radii**6)
    eighth = damping[3] * pairs.c8_per_c6 / (pairs.distances**8 + radii**8)
    return (sixth + eighth) * pairs.has_energy


def _slopes(pairs: Pairs, damping: List[float], shares: torch.Tensor) -> torch.Tensor:
    """Derivatives of the energy with respect to distances of pairs, where atoms have their shares of pairs."""
    radii = damping[0] * pairs.c8_per_c6.sqrt() + damping[1]
    sixth = 6 * damping[2] * pairs.distances**5 / (pairs.distances**6 + radii**6) ** 2
    eighth = 8 * damping[3] * pairs.c8_per_c6 * pairs.distances**7 / (pairs.distances**8 + radii**8) ** 2
    weights = 0.5 * (shares[pairs.first] + shares[pairs.second]) * pairs.has_energy
    damped = weights * _damped(pairs, damping)
    by_number = torch.zeros_like(shares).index_add(0, pairs.first, -damped * pairs.c6_by_first)
    by_number = by_number.index_add(0, pairs.second, -damped * pairs.c6_by_second)
    by_count = (by_number[pairs.first] + by_number[pairs.second]) * pairs.is_counted
    return weights * pairs.c6 * (sixth + eighth) + by_count * pairs.count_by_distance


def _selected(system: System, index: int, selected_atoms: Optional[Labels]) -> torch.Tensor:
    """1 for atoms [n_atoms] that are selected, 0 for others."""
    if selected_atoms is None:
        return torch.ones_like(system.positions[:, 0])
    atoms = selected_atoms.column("atom").to(torch.int64)
    atoms = atoms[selected_atoms.column("system") == index]
    return torch.zeros_like(system.positions[:, 0]).index_fill(0, atoms, 1.0)


def _rows_for(samples: Labels, values: torch.Tensor, systems: List[System], per_atom: bool) -> torch.Tensor:
    """Of values for all systems, or all of their atoms, those of the samples."""
    rows = samples.column("system").to(torch.int64)
    if per_atom:
        starts: List[int] = [0]
        for system in systems:
            starts.append(starts[-1] + len(system))
        rows = torch.tensor(starts, device=values.device)[rows] + samples.column("atom").to(torch.int64)
    return values[rows]


def published_tables() -> Dict[str, torch.Tensor]:
    """The reference data of the elements up to lawrencium, see ``_dftd3_tables.txt``, as ``d3_params`` of :py:class:`DFTD3`."""
    radii: List[float] = [0.0]
    moments: List[float] = [0.0]
    numbers: List[List[float]] = [[]]
    coefficients: List[torch.Tensor] = []
    for line in pathlib.Path(__file__).with_name("_dftd3_tables.txt").read_text().splitlines():
        kind, *columns = line.split()
        if kind == "element":
            radius, moment, *references = map(float, columns[1:])
            radii.append(radius)
            moments.append(moment)
            numbers.append(references)
        elif kind == "c6":
            coefficients.append(torch.tensor(list(map(float, columns[2:])), dtype=torch.float64))
    n_systems = max(map(len, numbers))
    table = torch.nn.utils.rnn.pad_sequence(coefficients, batch_first=True)
    table = table + table.tril(-1).T
    # where in [n_elements, n_systems] the reference systems are
    places = [element * n_systems + i for element, references in enumerate(numbers) for i in range(len(references))]
    size = len(numbers) * n_systems
    c6 = torch.zeros(size, size, dtype=torch.float64)
    c6[torch.tensor(places)[:, None], torch.tensor(places)] = table
    return {
        "rcov": torch.tensor(radii, dtype=torch.float64),
        "r4r2": torch.tensor(moments, dtype=torch.float64),
        "cn_ref": torch.tensor([row + [-1.0] * (n_systems - len(row)) for row in numbers], dtype=torch.float64),
        "c6": c6.reshape(len(numbers), n_systems, len(numbers), n_systems).transpose(1, 2).contiguous(),
    }


def _check_tables(tables: Dict[str, torch.Tensor]) -> None:
    for name, n_dimensions in TABLES.items():
        if name not in tables:
            raise KeyError(f"`d3_params` has no table '{name}', it has {sorted(tables)}")
        if not isinstance(tables[name], torch.Tensor):
            raise TypeError(f"`d3_params['{name}']` must be a torch.Tensor, got {type(tables[name]).__name__}")
        if tables[name].dim() != n_dimensions:
            raise ValueError(f"`d3_params['{name}']` must have {n_dimensions} dimensions, got shape {list(tables[name].shape)}")
    n_elements, _, n_systems, _ = tables["c6"].shape
    shapes = {"c6": [n_elements, n_elements, n_systems, n_systems], "cn_ref": [n_elements, n_systems]}
    shapes.update({"rcov": [n_elements], "r4r2": [n_elements]})
    for name, shape in shapes.items():
        if list(tables[name].shape) != shape:
            raise ValueError(f"`d3_params['{name}']` must have shape {shape}, got {list(tables[name].shape)}")


def _output_to_correct(name: str, outputs: Dict[str, ModelOutput]) -> Tuple[str, str]:
    """What the model calls an output, and the atomic unit of its correction."""
    quantity = name.partition("/")[0]
    if quantity not in UNITS:
        raise ValueError(f"there is a dispersion correction for {list(UNITS)} and variants of these, got '{name}'")
    own_name = name if name in outputs else translate_name(name, DEPRECATED_NAMES)
    if own_name not in outputs:
        raise ValueError(f"the model has no output '{name}' to correct, it has {sorted(outputs)}")
    if outputs[own_name].unit == "":
        raise ValueError(f"a dispersion correction of '{name}' needs its unit, which the model does not say")
    return own_name, UNITS[quantity]


def _damping(name: str, parameters: Dict[str, float]) -> List[float]:
    if not isinstance(parameters, dict):
        raise TypeError(f"`damping_params` of '{name}' must be a dict of numbers by name, got {type(parameters).__name__}")
    for required in ["a1", "a2", "s8"]:
        if required not in parameters:
            raise KeyError(f"`damping_params` of '{name}' have no '{required}', they have {sorted(parameters)}")
    for key in ["a1", "a2", "s6", "s8"]:
        if not math.isfinite(float(parameters.get(key, 1.0))):
            raise ValueError(f"'{key}' in `damping_params` of '{name}' must be finite, got {parameters[key]}")
    return [float(parameters[key]) for key in ["a1", "a2"]] + [float(parameters.get("s6", 1.0)), float(parameters["s8"])]


def _positive(name: str, value: Optional[float], default: float) -> float:
    value = default if value is None else float(value)
    if not 0 < value < float("inf"):
        raise ValueError(f"`{name}` must be positive and finite, got {value}")
    return value
