# SPDX-License-Identifier: BSD-3-Clause
"""Typed descriptions of the TorchScript classes of this package, for people, editors and type checkers.

The classes themselves (``torch.classes.metatensor.*``) are written in C++. Where a method here has a body, they do
not have it, and it is added to them in Python. What has no docstring here gets the comment of the C++ header when
the project is built, and so does ``{name}`` in a docstring.
"""

from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple, Union

import torch


Names = Union[str, Sequence[str]]
DeviceLike = Union[str, torch.device]


class LabelsEntry:
    """{LabelsEntryHolder}

    It comes from ``labels[i]`` and :py:meth:`Labels.entry`. ``len(entry)`` is the number of dimensions, ``entry[i]`` and
    ``entry["name"]`` are values, integers.
    """

    @property
    def names(self) -> List[str]: ...

    @property
    def values(self) -> torch.Tensor: ...

    @property
    def device(self) -> torch.device: ...

    def print(self) -> str: ...

    def __len__(self) -> int: ...
    def __getitem__(self, index: Union[int, str]) -> int: ...
    def __iter__(self) -> Iterator[int]:
        return map(self.__getitem__, range(len(self)))

    def __eq__(self, other: "LabelsEntry") -> bool: ...
    def __ne__(self, other: "LabelsEntry") -> bool: ...


class Labels:
    """{LabelsHolder}

    ``len(labels)`` is the number of entries, ``labels[i]`` an entry, ``labels["name"]`` a column;
    ``entry in labels`` takes what :py:meth:`position` takes. ``==`` compares names, entries and their order.
    """

    def __init__(self, names: Names, values: torch.Tensor, assume_unique: bool = False): ...

    @staticmethod
    def single() -> "Labels":
        """{LabelsHolder.single}

        TorchScript code that calls it can not be saved.
        """

    @staticmethod
    def empty(names: Names) -> "Labels":
        """{LabelsHolder.empty}

        TorchScript code that calls it can not be saved.
        """

    @staticmethod
    def range(name: str, end: int) -> "Labels":
        """{LabelsHolder.range}

        TorchScript code that calls it can not be saved.
        """

    @staticmethod
    def load(file: str) -> "Labels": ...

    @staticmethod
    def load_buffer(buffer: torch.Tensor) -> "Labels": ...

    def save(self, file: str) -> None: ...

    def save_buffer(self) -> torch.Tensor: ...

    @property
    def names(self) -> List[str]: ...

    @property
    def values(self) -> torch.Tensor: ...

    @property
    def device(self) -> torch.device: ...

    def to(self, device: Optional[DeviceLike], non_blocking: bool = False) -> "Labels": ...

    def entry(self, index: int) -> LabelsEntry:
        """{LabelsEntryHolder.__init__}"""

    def column(self, dimension: str) -> torch.Tensor: ...

    def position(self, entry: Union[LabelsEntry, torch.Tensor, Sequence[int]]) -> Optional[int]: ...

    def append(self, name: str, values: torch.Tensor) -> "Labels": ...

    def insert(self, index: int, name: str, values: torch.Tensor) -> "Labels": ...

    def permute(self, dimensions_indexes: List[int]) -> "Labels": ...

    def remove(self, name: str) -> "Labels": ...

    def rename(self, old: str, new: str) -> "Labels": ...

    def union(self, other: "Labels") -> "Labels": ...

    def union_and_mapping(self, other: "Labels") -> Tuple["Labels", torch.Tensor, torch.Tensor]: ...

    def intersection(self, other: "Labels") -> "Labels": ...

    def intersection_and_mapping(self, other: "Labels") -> Tuple["Labels", torch.Tensor, torch.Tensor]: ...

    def difference(self, other: "Labels") -> "Labels": ...

    def difference_and_mapping(self, other: "Labels") -> Tuple["Labels", torch.Tensor]: ...

    def select(self, selection: "Labels") -> torch.Tensor: ...

    def print(self, max_entries: int, indent: int = 0) -> str: ...

    def __len__(self) -> int: ...
    def __contains__(self, entry: Union[LabelsEntry, torch.Tensor, Sequence[int]]) -> bool: ...
    def __getitem__(self, index: Union[int, str]) -> Union[LabelsEntry, torch.Tensor]: ...
    def __iter__(self) -> Iterator[LabelsEntry]:
        return map(self.__getitem__, range(len(self)))

    def _repr_html_(self) -> str:
        from ._html import labels_html

        return labels_html(self)

    def __eq__(self, other: "Labels") -> bool: ...
    def __ne__(self, other: "Labels") -> bool: ...


class TensorBlock:
    """{TensorBlockHolder}

    ``len(block)`` is the number of samples.
    """

    def __init__(
        self, values: torch.Tensor, samples: Labels, components: List[Labels], properties: Labels
    ): ...

    @property
    def values(self) -> torch.Tensor: ...

    @property
    def samples(self) -> Labels: ...

    @property
    def components(self) -> List[Labels]: ...

    @property
    def properties(self) -> Labels: ...

    @property
    def shape(self) -> List[int]: ...

    @property
    def device(self) -> torch.device: ...

    @property
    def dtype(self) -> torch.dtype: ...

    @property
    def is_view(self) -> bool: ...

    def copy(self, deep: bool = True) -> "TensorBlock": ...

    def add_gradient(self, parameter: str, gradient: "TensorBlock") -> None: ...

    def gradients_list(self) -> List[str]: ...

    def has_gradient(self, parameter: str) -> bool: ...

    def gradient(self, parameter: str) -> "TensorBlock": ...

    def gradients(self) -> List[Tuple[str, "TensorBlock"]]: ...

    def to(
        self,
        *positional: Union[torch.dtype, DeviceLike],
        dtype: Optional[torch.dtype] = None,
        device: Optional[torch.device] = None,
        arrays: Optional[str] = None,
        non_blocking: bool = False,
    ) -> "TensorBlock": ...

    @staticmethod
    def load(file: str) -> "TensorBlock": ...

    @staticmethod
    def load_buffer(buffer: torch.Tensor) -> "TensorBlock": ...

    def save(self, file: str) -> None: ...

    def save_buffer(self) -> torch.Tensor: ...

    def __len__(self) -> int: ...

    def _repr_html_(self) -> str:
        from ._html import block_html

        return block_html(self)


Selection = Union[None, int, Dict[str, int], Labels, LabelsEntry]


class TensorMap:
    """{TensorMapHolder}

    ``len(tensor)`` is the number of blocks, ``tensor[selection]`` is the same as ``tensor.block(selection)``, and
    iterating over a map gives its blocks.
    """

    def __init__(self, keys: Labels, blocks: List[TensorBlock]): ...

    @property
    def keys(self) -> Labels: ...

    @property
    def sample_names(self) -> List[str]: ...

    @property
    def component_names(self) -> List[str]: ...

    @property
    def property_names(self) -> List[str]: ...

    @property
    def device(self) -> torch.device: ...

    @property
    def dtype(self) -> torch.dtype: ...

    @property
    def is_view(self) -> bool: ...

    def block(self, selection: Selection = None) -> TensorBlock: ...

    def blocks(self, selection: Union[Selection, List[int]] = None) -> List[TensorBlock]: ...

    def block_by_id(self, index: int) -> TensorBlock: ...

    def blocks_by_id(self, indices: List[int]) -> List[TensorBlock]: ...

    def items(self) -> List[Tuple[LabelsEntry, TensorBlock]]: ...

    def copy(self, deep: bool = True) -> "TensorMap": ...

    def keys_to_samples(
        self, keys_to_move: Union[Names, Labels], fill_value: float = 0, sort_samples: bool = True
    ) -> "TensorMap": ...

    def keys_to_properties(
        self, keys_to_move: Union[Names, Labels], fill_value: float = 0, sort_samples: bool = True
    ) -> "TensorMap": ...

    def components_to_properties(self, dimensions: Names) -> "TensorMap": ...

    def set_info(self, key: str, value: str) -> None: ...

    def get_info(self, key: str) -> Optional[str]: ...

    def info(self) -> Dict[str, str]: ...

    def to(
        self,
        *positional: Union[torch.dtype, DeviceLike],
        dtype: Optional[torch.dtype] = None,
        device: Optional[torch.device] = None,
        arrays: Optional[str] = None,
        non_blocking: bool = False,
    ) -> "TensorMap": ...

    def print(self, max_keys: int) -> str: ...

    @staticmethod
    def load(file: str) -> "TensorMap": ...

    @staticmethod
    def load_buffer(buffer: torch.Tensor) -> "TensorMap": ...

    def save(self, file: str) -> None: ...

    def save_buffer(self) -> torch.Tensor: ...

    def __len__(self) -> int: ...
    def __getitem__(self, selection: Union[Selection, Any]) -> TensorBlock: ...
    def __iter__(self) -> Iterator[TensorBlock]:
        return map(self.__getitem__, range(len(self)))

    def _repr_html_(self) -> str:
        from ._html import map_html

        return map_html(self)


def version() -> str: ...


def dtype_name(dtype: torch.dtype) -> str: ...
