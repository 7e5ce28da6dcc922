# SPDX-License-Identifier: BSD-3-Clause
"""Models whose outputs are averages over rotations and inversions, and how much those of the model itself differ from that."""

import warnings
from typing import Dict, List, Optional, Tuple

import torch

from metatensor_torch import Labels, TensorBlock, TensorMap

from .._classes import ModelOutput, System
from .._info import with_info
from .._wrapping import ModelAround, capabilities_with, own_outputs
from ..model import AtomisticModel, ModelInterface
from ._averages import (
    joined,
    projection,
    samples_of_system,
    selected_in_copies,
    values_of_copies,
    variance,
    weighted_sum,
    with_chi,
)
from ._axes import largest_degree
from ._checks import checked_integer
from ._irreps import DEGREES, in_irreps
from ._operations import (
    Operations,
    inverse_of,
    inverted,
    some_of,
    transformed_map,
    transformed_systems,
)
from ._quadrature import LEBEDEV_DEGREES, rotation_quadrature
from ._transformations import O3Transformations


class SymmetrizedModel(ModelAround):
    """A model that computes averages over all rotations and inversions, and what they leave out.

    The model gets rotated copies of each system, and its outputs are rotated back. Averages have the names of the outputs.
    ``o3::variance::<output>`` is the variance of what is averaged, a mean over components: 0 for a model that knows how its
    output rotates. ``o3::character_projection::<output>`` says how the output, not rotated back, depends on the rotation g::

        (2 l + 1) sum_mn (integral dg D_mn(g) x(g))^2

    for each irreducible representation D, that is each ``chi_lambda`` (l) and ``chi_sigma`` in the keys; they add up to the mean
    of the squares, as far as ``max_angular_momentum_character`` goes. Variances and projections of standard quantities are those
    of their spherical components. Blocks without components are taken for scalars.

    Integrals are sums over a Lebedev rule, exact if the outputs depend on the rotation as spherical harmonics up to a degree do.
    All outputs can be differentiated, which keeps what the model computed for all copies in memory.
    """

    def __init__(
        self,
        model: ModelInterface,
        *,
        max_angular_momentum_target: int,
        max_angular_momentum_input: int = 0,
        max_angular_momentum_character: Optional[int] = None,
        max_angular_momentum_grid: Optional[int] = None,
        batch_size: int = 32,
    ):
        """
        :param model: a module as :py:class:`metatomic.torch.AtomisticModel` wraps, or one of these
        :param max_angular_momentum_target: largest degree of spherical outputs that can be rotated back
        :param max_angular_momentum_input: largest degree of spherical data of the systems
        :param max_angular_momentum_character: largest degree of character projections, ``None`` for none of them
        :param max_angular_momentum_grid: up to which degree integrals are exact. ``None`` for
            ``2 * max_angular_momentum_target + 1``, or ``2 * max_angular_momentum_character`` if that is more
        :param batch_size: how many copies of a system the model gets at once
        :raises TypeError: if one of these is no integer
        :raises ValueError: if one of these is negative, the grid is too coarse for the projections, or there is none so fine
        :raises ImportError: if there is no SciPy, or one before 1.15
        """
        super().__init__(model)
        if not isinstance(model, AtomisticModel) and hasattr(model, "requested_neighbor_lists"):
            self._neighbor_lists = model.requested_neighbor_lists()
        if not isinstance(model, AtomisticModel) and hasattr(model, "requested_inputs"):
            self._inputs = self._inputs or model.requested_inputs()
        self.max_angular_momentum_target: int = checked_integer("max_angular_momentum_target", max_angular_momentum_target, 0)
        self.max_angular_momentum_input: int = checked_integer("max_angular_momentum_input", max_angular_momentum_input, 0)
        character = max_angular_momentum_character
        character = -1 if character is None else checked_integer("max_angular_momentum_character", character, 0)
        #: -1 for none
        self._character: int = character
        self.batch_size: int = checked_integer("batch_size", batch_size, 1)
        grid = max_angular_momentum_grid
        if grid is None:
            grid = max(2 * self.max_angular_momentum_target + 1, 2 * character)
        self.max_angular_momentum_grid: int = checked_integer("max_angular_momentum_grid", grid, 0)
        if self.max_angular_momentum_grid < 2 * character:
            raise ValueError(
                f"`max_angular_momentum_grid` must be at least {2 * character} for projections up to degree {character}, "
                f"got {grid}"
            )
        if self.max_angular_momentum_grid > LEBEDEV_DEGREES[-1]:
            raise ValueError(f"`max_angular_momentum_grid` must be at most {LEBEDEV_DEGREES[-1]}, got {grid}")
        rotations, weights = rotation_quadrature(self.max_angular_momentum_grid)
        largest = max(self.max_angular_momentum_target, self.max_angular_momentum_input, character)
        self._transformations = O3Transformations(rotations, largest)
        self.register_buffer("_weights", weights)
        self._degrees: Dict[str, int] = dict(DEGREES)

    @staticmethod
    def wrap(
        model: AtomisticModel,
        *,
        max_angular_momentum_target: Optional[int] = None,
        max_angular_momentum_input: Optional[int] = None,
        max_angular_momentum_character: Optional[int] = None,
        max_angular_momentum_grid: Optional[int] = None,
        batch_size: int = 32,
    ) -> AtomisticModel:
        """A model whose outputs are averages of those of another one, with variances and character projections.

        :param model: an atomistic model, made here or loaded
        :param max_angular_momentum_target: largest degree of spherical outputs; ``None`` for that of the standard quantities
            among the outputs
        :param max_angular_momentum_input: largest degree of spherical data; ``None`` for that of the standard quantities that
            ``model`` asks for
        :param max_angular_momentum_character: largest degree of character projections, ``None`` for none of them
        :param max_angular_momentum_grid: up to which degree integrals are exact; ``None`` for what the others need
        :param batch_size: how many copies of a system the model gets at once
        :returns: a model with the metadata of ``model``; it runs without SciPy
        :raises TypeError: if ``model`` is no atomistic model, or an argument no integer
        :raises ValueError: for arguments that are out of range, or that can not be guessed
        :raises ImportError: if there is no SciPy, or one before 1.15
        """
        outputs = own_outputs(model)
        if max_angular_momentum_target is None:
            max_angular_momentum_target = _largest_standard_degree("max_angular_momentum_target", "outputs", list(outputs))
        if max_angular_momentum_input is None:
            inputs = list(model.requested_inputs(use_new_names=True))
            max_angular_momentum_input = _largest_standard_degree("max_angular_momentum_input", "inputs", inputs)
        module = SymmetrizedModel(
            model,
            max_angular_momentum_target=max_angular_momentum_target,
            max_angular_momentum_input=max_angular_momentum_input,
            max_angular_momentum_character=max_angular_momentum_character,
            max_angular_momentum_grid=max_angular_momentum_grid,
            batch_size=batch_size,
        )
        dtype = getattr(torch, model.capabilities().dtype)
        module._transformations.to(dtype)
        module._weights = module._weights.to(dtype)
        offered: Dict[str, ModelOutput] = {}
        for name, output in outputs.items():
            text = f" {output.description}" if output.description else ""
            square = f"({output.unit})^2" if output.unit else ""
            texts = {"": (output.unit, f"Average of '{name}' over rotations and inversions.{text}")}
            texts["o3::variance::"] = (square, f"Variance of '{name}' over rotations and inversions, a mean over components")
            if max_angular_momentum_character is not None:
                texts["o3::character_projection::"] = (square, f"How '{name}' depends on rotations and inversions, by irreps")
            for start, (unit, description) in texts.items():
                if start + name in offered:
                    raise ValueError(f"the model already has an output '{start + name}'")
                offered[start + name] = ModelOutput(unit=unit, sample_kind=output.sample_kind, description=description)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # whoever made the capabilities was warned
            return AtomisticModel(module.eval(), model.metadata(), capabilities_with(model, offered))

    @property
    def max_angular_momentum_character(self) -> Optional[int]:
        """Largest degree of character projections, ``None`` for none of them."""
        return None if self._character < 0 else self._character

    def forward(
        self,
        systems: List[System],
        outputs: Dict[str, ModelOutput],
        selected_atoms: Optional[Labels],
    ) -> Dict[str, TensorMap]:
        """Averages, variances and projections, see :py:meth:`metatomic.torch.ModelInterface.forward`."""
        if len(systems) == 0:
            raise ValueError("averages over rotations need at least one system")
        sources = self._sources(outputs)
        parts: Dict[str, List[TensorMap]] = {}
        for i, system in enumerate(systems):
            for name, tensor in self._averages(i, system, sources, list(outputs.keys()), selected_atoms).items():
                known = parts.get(name)
                parts[name] = [tensor] if known is None else known + [tensor]
        results: Dict[str, TensorMap] = {}
        for name, maps in parts.items():
            results[name] = joined(maps)
        return results

    def _sources(self, outputs: Dict[str, ModelOutput]) -> Dict[str, ModelOutput]:
        """What the model inside has to compute."""
        sources: Dict[str, ModelOutput] = {}
        for name, output in outputs.items():
            kind, source = _kind_and_source(name)
            if len(output.explicit_gradients) > 0:
                raise ValueError(f"there are no explicit gradients of averages over rotations, as requested for '{name}'")
            if kind == "projection" and self._character < 0:
                raise ValueError(f"'{name}' needs a model that was made with `max_angular_momentum_character`")
            if source in sources and sources[source].sample_kind != output.sample_kind:
                raise ValueError(f"all requests for '{source}' must have the same sample_kind")
            sources[source] = ModelOutput(sample_kind=output.sample_kind)
        return sources

    def _averages(
        self,
        index: int,
        system: System,
        sources: Dict[str, ModelOutput],
        names: List[str],
        selected_atoms: Optional[Labels],
    ) -> Dict[str, TensorMap]:
        """All that is asked for of one system."""
        self._check_input(system)
        every = self._transformations._operations(False, False)
        every = _like(every, system.positions)
        weights = 0.5 * self._weights.to(system.positions.device, system.positions.dtype)
        n = weights.shape[0]
        layouts: Dict[str, TensorMap] = {}
        # by name and block: a first value, weighted sums of differences from it and of their squares; or projections
        references: Dict[str, List[torch.Tensor]] = {}
        sums: Dict[str, List[List[torch.Tensor]]] = {}
        for start in range(0, n, self.batch_size):
            end = min(n, start + self.batch_size)
            n_copies = end - start
            selected = selected_in_copies(selected_atoms, index, n_copies)
            for is_inverted in [False, True]:
                operations = some_of(every, start, end)
                if is_inverted:
                    operations = inverted(operations)
                copies = transformed_systems(operations, [system for _ in range(n_copies)])
                computed = self.module(copies, sources, selected)
                for name in names:
                    kind, source = _kind_and_source(name)
                    if source not in computed:
                        continue
                    tensor = computed[source]
                    if kind != "projection":
                        tensor = self._rotated_back(source, tensor, inverse_of(operations))
                    quantity = source.split("/")[0]
                    if kind != "average" and quantity in self._degrees:
                        tensor = in_irreps(tensor, self._degrees[quantity])
                    if name not in layouts:
                        layouts[name] = _layout(tensor, n_copies, index)
                        references[name] = [block.values.detach() for block in layouts[name].blocks()]
                    terms: List[List[torch.Tensor]] = []
                    for i, block in enumerate(tensor.blocks()):
                        values = values_of_copies(block, n_copies)
                        if kind == "projection":
                            terms.append(self._projections(values, weights[start:end], operations, is_inverted))
                        else:
                            terms.append(_moments(values - references[name][i], weights[start:end]))
                    sums[name] = terms if name not in sums else _added(sums[name], terms)

        results: Dict[str, TensorMap] = {}
        for name, layout in layouts.items():
            kind, source = _kind_and_source(name)
            blocks: List[TensorBlock] = []
            for i, block in enumerate(layout.blocks()):
                if kind == "average":
                    values = references[name][i] + sums[name][i][0]
                    blocks.append(TensorBlock(values, block.samples, block.components, block.properties))
                elif kind == "variance":
                    values = variance(sums[name][i][0], sums[name][i][1], sums[name][i][2], 2 * n)
                    blocks.append(TensorBlock(values, block.samples, [], block.properties))
                else:
                    for projected in self._squares(sums[name][i]):
                        blocks.append(TensorBlock(projected, block.samples, block.components, block.properties))
            keys = with_chi(layout.keys, self._character) if kind == "projection" else layout.keys
            results[name] = with_info(TensorMap(keys, blocks), layout)
        return results

    def _check_input(self, system: System) -> None:
        for name in system.known_data():
            data = system.get_data(name)
            for i in range(len(data.keys)):
                degree = largest_degree(data.keys.entry(i), data.block_by_id(i))
                if degree > self.max_angular_momentum_input:
                    raise ValueError(
                        f"the data '{name}' has spherical components of degree {degree}, more than "
                        f"max_angular_momentum_input={self.max_angular_momentum_input}"
                    )

    def _rotated_back(self, name: str, tensor: TensorMap, operations: Operations) -> TensorMap:
        for i in range(len(tensor.keys)):
            degree = largest_degree(tensor.keys.entry(i), tensor.block_by_id(i))
            if degree > self.max_angular_momentum_target:
                raise ValueError(
                    f"the output '{name}' has spherical components of degree {degree}, more than "
                    f"max_angular_momentum_target={self.max_angular_momentum_target}"
                )
        return transformed_map(operations, tensor, None)

    def _projections(
        self, values: torch.Tensor, weights: torch.Tensor, operations: Operations, is_inverted: bool
    ) -> List[torch.Tensor]:
        """For each degree, the sum over rotations with all elements of D; with inversions in a place of their own."""
        terms: List[torch.Tensor] = []
        for ell in range(self._character + 1):
            term = projection(values, weights, operations.wigner[ell])
            none = torch.zeros_like(term)
            terms.append(none if is_inverted else term)
            terms.append(term if is_inverted else none)
        return terms

    def _squares(self, sums: List[torch.Tensor]) -> List[torch.Tensor]:
        """For each degree, those of representations with both signs."""
        squares: List[torch.Tensor] = []
        for ell in range(self._character + 1):
            parity = 1.0 if ell % 2 == 0 else -1.0
            for sigma in [1.0, -1.0]:
                coefficients = sums[2 * ell] + sigma * parity * sums[2 * ell + 1]
                squares.append((2 * ell + 1) * coefficients.square().sum(dim=0))
        return squares


def _largest_standard_degree(argument: str, what: str, names: List[str]) -> int:
    degrees = [DEGREES[name.split("/")[0]] for name in names if name.split("/")[0] in DEGREES]
    if len(names) > 0 and len(degrees) == 0:
        raise ValueError(f"`{argument}` must be given, since no standard quantity is among the {what} {names}")
    return max(degrees, default=0)


def _kind_and_source(name: str) -> Tuple[str, str]:
    if name.startswith("o3::variance::"):
        return "variance", name[len("o3::variance::") :]
    if name.startswith("o3::character_projection::"):
        return "projection", name[len("o3::character_projection::") :]
    return "average", name


def _like(operations: Operations, tensor: torch.Tensor) -> Operations:
    """With the dtype and device of a tensor."""
    wigner: List[torch.Tensor] = []
    for matrix in operations.wigner:
        wigner.append(matrix.to(tensor.device, tensor.dtype))
    matrices = operations.matrices.to(tensor.device, tensor.dtype)
    return Operations(matrices, operations.improper.to(tensor.device), wigner)


def _layout(tensor: TensorMap, n_copies: int, index: int) -> TensorMap:
    """Metadata of a system, of which there are copies."""
    blocks: List[TensorBlock] = []
    for block in tensor.blocks():
        values = values_of_copies(block, n_copies)[0]
        samples = samples_of_system(block, n_copies, index)
        blocks.append(TensorBlock(values, samples, block.components, block.properties))
    return with_info(TensorMap(tensor.keys, blocks), tensor)


def _moments(values: torch.Tensor, weights: torch.Tensor) -> List[torch.Tensor]:
    squares = values * values
    return [weighted_sum(weights, values), weighted_sum(weights, squares), weighted_sum(weights.abs(), squares.detach())]


def _added(sums: List[List[torch.Tensor]], terms: List[List[torch.Tensor]]) -> List[List[torch.Tensor]]:
    result: List[List[torch.Tensor]] = []
    for old, new in zip(sums, terms):
        result.append([a + b for a, b in zip(old, new)])
    return result
