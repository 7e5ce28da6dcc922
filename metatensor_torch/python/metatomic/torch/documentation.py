# SPDX-License-Identifier: BSD-3-Clause
"""Typed descriptions of the TorchScript classes and operators, for people, editors and type checkers.

The classes (``torch.classes.metatomic.*``) and operators (``torch.ops.metatomic.*``) themselves are written in
C++. Where a method here has a body, they do not have it, and it is added to them in Python.
"""

from typing import Dict, List, Optional, Union

import torch

from metatensor_torch import Labels, TensorBlock, TensorMap
from metatensor_torch._eager import attribute


DeviceLike = Union[str, torch.device]


class NeighborListOptions:
    """Which pairs of atoms a model asks for; two are equal if cutoff, ``full_list`` and ``strict`` are."""

    def __init__(self, cutoff: float, full_list: bool, strict: bool, requestor: str = ""):
        """
        :param cutoff: radius of the list, in the model's unit of length
        :param full_list: does each pair come twice, as i-j and j-i?
        :param strict: are pairs beyond the cutoff left out? Otherwise there may be some
        :param requestor: who asks for this list
        """

    @property
    def cutoff(self) -> float:
        """Radius of the list, in the model's unit of length."""

    length_unit: str = attribute("Unit of the cutoff; :py:class:`AtomisticModel` sets it.")

    @property
    def full_list(self) -> bool:
        """Does each pair come twice?"""

    @property
    def strict(self) -> bool:
        """Are pairs beyond the cutoff left out?"""

    def engine_cutoff(self, engine_length_unit: str) -> float:
        """The cutoff in the engine's unit of length."""

    def requestors(self) -> List[str]:
        """All who ask for this list."""

    def add_requestor(self, requestor: str) -> None:
        """Add to the requestors, once."""

    def __eq__(self, other: "NeighborListOptions") -> bool: ...
    def __ne__(self, other: "NeighborListOptions") -> bool: ...


class System:
    """Atoms of a simulation; ``len(system)`` is their number."""

    def __init__(
        self, types: torch.Tensor, positions: torch.Tensor, cell: torch.Tensor, pbc: torch.Tensor
    ):
        """
        :param types: [n_atoms] integers, what they mean is up to the model (often atomic numbers)
        :param positions: [n_atoms, 3]
        :param cell: [3, 3], one cell vector in each row; zero where the system is not periodic
        :param pbc: [3] booleans, is the system periodic along each cell vector?
        """

    types: torch.Tensor = attribute("[n_atoms] int32")

    positions: torch.Tensor = attribute("[n_atoms, 3]")

    cell: torch.Tensor = attribute("[3, 3], one cell vector in each row")

    pbc: torch.Tensor = attribute("[3] booleans")

    @property
    def device(self) -> torch.device:
        """Device of all data."""

    @property
    def dtype(self) -> torch.dtype:
        """Dtype of all floating point data."""

    def add_neighbor_list(self, options: NeighborListOptions, neighbors: TensorBlock) -> None:
        """Add a list of pairs.

        :param neighbors: values [n_pairs, 3, 1] from the first to the second atom; samples ``first_atom,
            second_atom, cell_shift_a, cell_shift_b, cell_shift_c``, component ``xyz``, property ``distance``
        """

    def get_neighbor_list(self, options: NeighborListOptions) -> TensorBlock:
        """The list of pairs for equal options."""

    def known_neighbor_lists(self) -> List[NeighborListOptions]:
        """Options of all lists."""

    def add_data(self, name: str, tensor: TensorMap, override: bool = False) -> None:
        """Add other data: a standard quantity or ``domain::name``."""

    def get_data(self, name: str) -> TensorMap:
        """Data that were added."""

    def known_data(self) -> List[str]:
        """Names of all data."""

    def to(
        self,
        *positional: Union[torch.dtype, DeviceLike],
        dtype: Optional[torch.dtype] = None,
        device: Optional[torch.device] = None,
        non_blocking: bool = False,
    ) -> "System":
        """The same system with another dtype, on another device, or both."""

    def __len__(self) -> int: ...


class ModelOutput:
    """One output of a model, as it is offered or requested (or one input, as it is requested)."""

    def __init__(
        self,
        quantity: str = "",
        unit: str = "",
        *,
        explicit_gradients: List[str] = [],
        description: str = "",
        per_atom: Optional[bool] = None,
        sample_kind: Optional[str] = None,
    ):
        """
        :param quantity: not needed any more
        :param unit: unit of the values, empty for none in particular
        :param explicit_gradients: gradients that the TensorMap has
        :param description: what distinguishes this from other outputs
        :param per_atom: older form of ``sample_kind``: "atom" or "system"
        :param sample_kind: "system" (the default), "atom" or "atom_pair"
        """

    quantity: str = attribute("Not needed any more.")

    unit: str = attribute("Unit of the values, empty for none in particular.")

    sample_kind: str = attribute('What a sample is: "system", "atom" or "atom_pair".')

    per_atom: bool = attribute("Is a sample an atom? Use ``sample_kind`` in new code.")

    explicit_gradients: List[str] = attribute("Gradients that the TensorMap has.")

    description: str = attribute("What distinguishes this from other outputs.")


class ModelCapabilities:
    """What a model can do."""

    def __init__(
        self,
        outputs: Dict[str, ModelOutput] = {},
        atomic_types: List[int] = [],
        interaction_range: float = -1.0,
        length_unit: str = "",
        supported_devices: List[str] = [],
        dtype: str = "",
    ):
        """
        :param outputs: by name: a standard quantity or ``domain::name``, both optionally with ``/variant``
        :param atomic_types: types of atoms that the model knows
        :param interaction_range: how far away an atom can be and still change what is computed for another
        :param length_unit: unit of length that the model works with
        :param supported_devices: "cpu", "cuda", ..., best first
        :param dtype: "float32" or "float64"
        """

    outputs: Dict[str, ModelOutput] = attribute("Outputs by name.")

    atomic_types: List[int] = attribute("Types of atoms that the model knows.")

    interaction_range: float = attribute(
        "How far away an atom can be and still change what is computed for another; -1 if not set."
    )

    length_unit: str = attribute("Unit of length that the model works with.")

    supported_devices: List[str] = attribute("Devices that the model can run on, best first.")

    dtype: str = attribute('Either "float32" or "float64"; empty if not set.')

    def engine_interaction_range(self, engine_length_unit: str) -> float:
        """The interaction range in the engine's unit of length."""


class ModelEvaluationOptions:
    """What an engine asks of a model."""

    def __init__(
        self,
        length_unit: str = "",
        outputs: Dict[str, ModelOutput] = {},
        selected_atoms: Optional[Labels] = None,
    ):
        """
        :param length_unit: unit of length of the systems
        :param outputs: what to compute, in which units
        :param selected_atoms: the only atoms that outputs speak of, with names ``system`` and ``atom``
        """

    length_unit: str = attribute("Unit of length of the systems.")

    outputs: Dict[str, ModelOutput] = attribute("What to compute, in which units.")

    selected_atoms: Optional[Labels] = attribute("The only atoms that outputs speak of; ``None`` for all.")


class ModelMetadata:
    """Who made a model, and how to cite it; printed, it is a text for users."""

    def __init__(
        self,
        name: str = "",
        description: str = "",
        authors: List[str] = [],
        references: Dict[str, List[str]] = {},
        extra: Dict[str, str] = {},
    ):
        """
        :param authors: ``Name <email>`` of each
        :param references: lists under "implementation", "architecture" and "model"
        :param extra: anything else
        """

    name: str = attribute("Name of the model.")

    description: str = attribute("What the model is.")

    authors: List[str] = attribute("``Name <email>`` of each author.")

    references: Dict[str, List[str]] = attribute('Lists under "implementation", "architecture" and "model".')

    extra: Dict[str, str] = attribute("Anything else.")


def version() -> str:
    """Version of the metatomic-torch interface that the library implements."""


def unit_conversion_factor(from_unit: str, to_unit: str) -> float:
    """What to multiply values in ``from_unit`` by to have them in ``to_unit``; 1 if one of them is empty.

    Units are expressions like ``kJ/mol/A`` or ``eV*A^-3``. An older form has a quantity as first argument.
    """


def unit_dimension_for_quantity(name: str) -> str:
    """Dimension of a standard quantity ("energy", "length", "none", ...), empty for a custom one."""


def pick_device(model_devices: List[str], requested_device: Optional[str] = None) -> str:
    """The first of the model's devices that is there, or the requested one (``cuda:1``) after a check."""


def pick_output(
    requested_output: str, outputs: Dict[str, ModelOutput], desired_variant: Optional[str] = None
) -> str:
    """Full name of an output with the desired variant, or with the only one there is."""


def read_model_metadata(path: str) -> ModelMetadata:
    """Metadata in the file of a saved model."""


def check_atomistic_model(path: str) -> None:
    """Check that a file has a model that this version can run, and warn about missing extensions."""


def load_model_extensions(path: str, extensions_directory: Optional[str]) -> None:
    """Load the TorchScript extensions that a saved model needs, looking in this directory first."""


def register_autograd_neighbors(
    system: System, neighbors: TensorBlock, check_consistency: bool = False
) -> None:
    """Make the pair vectors depend on positions and cell of the system, for derivatives by autograd.

    :param neighbors: pairs as in :py:meth:`System.add_neighbor_list`; their values are modified in place
    :param check_consistency: check that vectors and cell shifts agree with the positions
    """
