# SPDX-License-Identifier: BSD-3-Clause
"""Typed descriptions of the TorchScript classes and operators, for people, editors and type checkers.

The classes (``torch.classes.metatomic.*``) and operators (``torch.ops.metatomic.*``) themselves are written in
C++. Where a method here has a body, they do not have it, and it is added to them in Python. What has no docstring here
gets the comment of the C++ header when the project is built, and so does ``{name}`` in a docstring.
"""

from typing import Dict, List, Optional, Union

import torch

from metatensor_torch import Labels, TensorBlock, TensorMap
from metatensor_torch._eager import attribute


DeviceLike = Union[str, torch.device]


class NeighborListOptions:
    def __init__(self, cutoff: float, full_list: bool, strict: bool, requestor: str = ""): ...

    @property
    def cutoff(self) -> float: ...

    length_unit: str = attribute()

    @property
    def full_list(self) -> bool: ...

    @property
    def strict(self) -> bool: ...

    def engine_cutoff(self, engine_length_unit: str) -> float: ...

    def requestors(self) -> List[str]: ...

    def add_requestor(self, requestor: str) -> None: ...

    def __eq__(self, other: "NeighborListOptions") -> bool: ...
    def __ne__(self, other: "NeighborListOptions") -> bool: ...


class System:
    """{SystemData}

    ``len(system)`` is the number of atoms.
    """

    def __init__(
        self, types: torch.Tensor, positions: torch.Tensor, cell: torch.Tensor, pbc: torch.Tensor
    ): ...

    types: torch.Tensor = attribute()

    positions: torch.Tensor = attribute()

    cell: torch.Tensor = attribute()

    pbc: torch.Tensor = attribute()

    @property
    def device(self) -> torch.device: ...

    @property
    def dtype(self) -> torch.dtype: ...

    def add_neighbor_list(self, options: NeighborListOptions, neighbors: TensorBlock) -> None: ...

    def get_neighbor_list(self, options: NeighborListOptions) -> TensorBlock: ...

    def known_neighbor_lists(self) -> List[NeighborListOptions]: ...

    def add_data(self, name: str, tensor: TensorMap, override: bool = False) -> None: ...

    def get_data(self, name: str) -> TensorMap: ...

    def known_data(self) -> List[str]: ...

    def to(
        self,
        *positional: Union[torch.dtype, DeviceLike],
        dtype: Optional[torch.dtype] = None,
        device: Optional[torch.device] = None,
        non_blocking: bool = False,
    ) -> "System": ...

    def __len__(self) -> int: ...


class ModelOutput:
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
        """{ModelOutputData.__init__}
        :param per_atom: older form of ``sample_kind``: ``True`` for "atom", ``False`` for "system"
        """

    quantity: str = attribute()

    unit: str = attribute()

    sample_kind: str = attribute()

    per_atom: bool = attribute()

    explicit_gradients: List[str] = attribute()

    description: str = attribute()


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
        """{ModelCapabilitiesHolder.__init__}"""

    outputs: Dict[str, ModelOutput] = attribute()

    atomic_types: List[int] = attribute()

    interaction_range: float = attribute()

    length_unit: str = attribute()

    supported_devices: List[str] = attribute()

    dtype: str = attribute()

    def engine_interaction_range(self, engine_length_unit: str) -> float: ...


class ModelEvaluationOptions:
    """What an engine asks of a model."""

    def __init__(
        self,
        length_unit: str = "",
        outputs: Dict[str, ModelOutput] = {},
        selected_atoms: Optional[Labels] = None,
    ):
        """{ModelEvaluationOptionsHolder.__init__}"""

    length_unit: str = attribute()

    outputs: Dict[str, ModelOutput] = attribute()

    selected_atoms: Optional[Labels] = attribute()


class ModelMetadata:
    def __init__(
        self,
        name: str = "",
        description: str = "",
        authors: List[str] = [],
        references: Dict[str, List[str]] = {},
        extra: Dict[str, str] = {},
    ): ...

    name: str = attribute()

    description: str = attribute()

    authors: List[str] = attribute()

    references: Dict[str, List[str]] = attribute()

    extra: Dict[str, str] = attribute()


def version() -> str: ...


def unit_conversion_factor(from_unit: str, to_unit: str) -> float: ...


def unit_dimension_for_quantity(name: str) -> str: ...


def pick_device(model_devices: List[str], requested_device: Optional[str] = None) -> str: ...


def pick_output(
    requested_output: str, outputs: Dict[str, ModelOutput], desired_variant: Optional[str] = None
) -> str: ...


def read_model_metadata(path: str) -> ModelMetadata: ...


def check_atomistic_model(path: str) -> None: ...


def load_model_extensions(path: str, extensions_directory: Optional[str]) -> None: ...


def register_autograd_neighbors(
    system: System, neighbors: TensorBlock, check_consistency: bool = False
) -> None: ...
