# SPDX-License-Identifier: BSD-3-Clause
"""Typed descriptions of the TorchScript classes of this package, for people, editors and type checkers.

The classes themselves (``torch.classes.metatensor.*``) are written in C++. Where a method here has a body, they do
not have it, and it is added to them in Python.
"""

from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple, Union

import torch

from . import _html


Names = Union[str, Sequence[str]]
DeviceLike = Union[str, torch.device]


class LabelsEntry:
    """One entry of :py:class:`Labels` with its names; comes from ``labels[i]`` and :py:meth:`Labels.entry`.

    ``len(entry)`` is the number of dimensions, ``entry[i]`` and ``entry["name"]`` are values. Can't be pickled.
    """

    @property
    def names(self) -> List[str]:
        """Names of the dimensions."""

    @property
    def values(self) -> torch.Tensor:
        """Values, int32 [n_dimensions]: a view of the row of the labels, not to be changed."""

    @property
    def device(self) -> torch.device:
        """Device of the values."""

    def print(self) -> str:
        """Text of the form ``(a=1, b=2)``."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: Union[int, str]) -> int: ...
    def __iter__(self) -> Iterator[int]:
        return map(self.__getitem__, range(len(self)))

    def __eq__(self, other: "LabelsEntry") -> bool: ...
    def __ne__(self, other: "LabelsEntry") -> bool: ...


class Labels:
    """Immutable set of unique entries, the metadata of one axis: integer rows, and a name for each column.

    ``len(labels)`` is the number of entries, ``labels[i]`` an entry, ``labels["name"]`` a column;
    ``entry in labels`` takes what :py:meth:`position` takes. ``==`` compares names, entries and their order.
    """

    def __init__(self, names: Names, values: torch.Tensor, assume_unique: bool = False):
        """
        :param names: names of the dimensions: identifiers, all different
        :param values: integers [n_entries, n_dimensions]; int32 tensors are shared, not to be changed afterwards
        :param assume_unique: skip the check that all entries differ
        """

    @staticmethod
    def single() -> "Labels":
        """Labels with the single dimension ``_`` and the single entry 0 (not in code that is saved)."""

    @staticmethod
    def empty(names: Names) -> "Labels":
        """Labels without entries (not in code that is saved)."""

    @staticmethod
    def range(name: str, end: int) -> "Labels":
        """Labels with one dimension and the entries 0, 1, ... ``end - 1`` (not in code that is saved)."""

    @staticmethod
    def load(file: str) -> "Labels":
        """Labels in an ``.npy`` file."""

    @staticmethod
    def load_buffer(buffer: torch.Tensor) -> "Labels":
        """Labels in the content of such a file, uint8 [n_bytes]."""

    def save(self, file: str) -> None:
        """Write an ``.npy`` file."""

    def save_buffer(self) -> torch.Tensor:
        """The content of that file, uint8 [n_bytes]."""

    @property
    def names(self) -> List[str]:
        """Names of the dimensions."""

    @property
    def values(self) -> torch.Tensor:
        """Entries, int32 [n_entries, n_dimensions], not to be changed."""

    @property
    def device(self) -> torch.device:
        """Device of the values."""

    def to(self, device: Optional[DeviceLike], non_blocking: bool = False) -> "Labels":
        """The same labels on a device."""

    def entry(self, index: int) -> LabelsEntry:
        """Entry number ``index``."""

    def column(self, dimension: str) -> torch.Tensor:
        """Values of one dimension, a view [n_entries]."""

    def position(self, entry: Union[LabelsEntry, torch.Tensor, Sequence[int]]) -> Optional[int]:
        """Place of an entry, ``None`` if it is not here."""

    def append(self, name: str, values: torch.Tensor) -> "Labels":
        """The same entries with one more dimension at the end, ``values`` [n_entries]."""

    def insert(self, index: int, name: str, values: torch.Tensor) -> "Labels":
        """The same entries with one more dimension before dimension ``index``, ``values`` [n_entries]."""

    def permute(self, dimensions_indexes: List[int]) -> "Labels":
        """The same entries with dimension ``dimensions_indexes[i]`` at place ``i``."""

    def remove(self, name: str) -> "Labels":
        """The entries without one dimension; they must still differ."""

    def rename(self, old: str, new: str) -> "Labels":
        """The same entries with another name of one dimension."""

    def union(self, other: "Labels") -> "Labels":
        """The entries of this, then those that only ``other`` has."""

    def union_and_mapping(self, other: "Labels") -> Tuple["Labels", torch.Tensor, torch.Tensor]:
        """The union, and where the entries of this and of ``other`` are in it."""

    def intersection(self, other: "Labels") -> "Labels":
        """Entries that are in both, in the order of the one that has fewer of them (of this, if both have as many)."""

    def intersection_and_mapping(self, other: "Labels") -> Tuple["Labels", torch.Tensor, torch.Tensor]:
        """The intersection, and where the entries of this and of ``other`` are in it (-1: nowhere)."""

    def difference(self, other: "Labels") -> "Labels":
        """The entries of this that ``other`` does not have."""

    def difference_and_mapping(self, other: "Labels") -> Tuple["Labels", torch.Tensor]:
        """The difference, and where the entries of this are in it (-1: nowhere)."""

    def select(self, selection: "Labels") -> torch.Tensor:
        """Places of the entries that agree with an entry of ``selection`` in all dimensions of that.

        They are in the order of the selection if it has the dimensions of this, ascending otherwise.
        """

    def print(self, max_entries: int, indent: int = 0) -> str:
        """A table with at most ``max_entries`` rows (all if negative), indented from its second line on."""

    def __len__(self) -> int: ...
    def __contains__(self, entry: Union[LabelsEntry, torch.Tensor, Sequence[int]]) -> bool: ...
    def __getitem__(self, index: Union[int, str]) -> Union[LabelsEntry, torch.Tensor]: ...
    def __iter__(self) -> Iterator[LabelsEntry]:
        return map(self.__getitem__, range(len(self)))

    def _repr_html_(self) -> str:
        return _html.labels_html(self)

    def __eq__(self, other: "Labels") -> bool: ...
    def __ne__(self, other: "Labels") -> bool: ...


class TensorBlock:
    """Values with labels for each axis, and their gradients; ``len(block)`` is the number of samples."""

    def __init__(
        self, values: torch.Tensor, samples: Labels, components: List[Labels], properties: Labels
    ):
        """
        :param values: [n_samples, *n_components, n_properties]
        :param samples: labels of the first axis
        :param components: labels of the axes between, of one dimension each
        :param properties: labels of the last axis
        """

    @property
    def values(self) -> torch.Tensor:
        """Values [n_samples, *n_components, n_properties]; change them by ``block.values[:] = ...``."""

    @property
    def samples(self) -> Labels:
        """Labels of the first axis."""

    @property
    def components(self) -> List[Labels]:
        """Labels of the axes between the first and the last."""

    @property
    def properties(self) -> Labels:
        """Labels of the last axis."""

    @property
    def shape(self) -> List[int]:
        """Shape of the values."""

    @property
    def device(self) -> torch.device:
        """Device of values and labels."""

    @property
    def dtype(self) -> torch.dtype:
        """Dtype of the values."""

    @property
    def is_view(self) -> bool:
        """Is this a block (or a gradient) inside of something else?"""

    def copy(self, deep: bool = True) -> "TensorBlock":
        """A block that can be given to a map, with data of its own if ``deep``."""

    def add_gradient(self, parameter: str, gradient: "TensorBlock") -> None:
        """Add the gradient with respect to ``parameter``.

        Its first dimension of samples is ``sample``, the row in this block; its components end with those of
        this block, and it has the same properties.
        """

    def gradients_list(self) -> List[str]:
        """Parameters of the gradients."""

    def has_gradient(self, parameter: str) -> bool:
        """Is there a gradient with respect to this parameter?"""

    def gradient(self, parameter: str) -> "TensorBlock":
        """The gradient with respect to a parameter."""

    def gradients(self) -> List[Tuple[str, "TensorBlock"]]:
        """All gradients with their parameters."""

    def to(
        self,
        *positional: Union[torch.dtype, DeviceLike],
        dtype: Optional[torch.dtype] = None,
        device: Optional[torch.device] = None,
        arrays: Optional[str] = None,
        non_blocking: bool = False,
    ) -> "TensorBlock":
        """The same data with another dtype, on another device, or both; ``arrays`` is ``None`` or "torch"."""

    @staticmethod
    def load(file: str) -> "TensorBlock":
        """Block in an ``.mts`` file."""

    @staticmethod
    def load_buffer(buffer: torch.Tensor) -> "TensorBlock":
        """Block in the content of such a file, uint8 [n_bytes]."""

    def save(self, file: str) -> None:
        """Write an ``.mts`` file."""

    def save_buffer(self) -> torch.Tensor:
        """The content of that file, uint8 [n_bytes]."""

    def __len__(self) -> int: ...

    def _repr_html_(self) -> str:
        return _html.block_html(self)


Selection = Union[None, int, Dict[str, int], Labels, LabelsEntry]


class TensorMap:
    """Blocks by keys; ``len(tensor)`` is the number of blocks, ``tensor[selection]`` is one of them.

    A selection is the number of the block, a dictionary or labels with some dimensions of the keys, an entry of
    the keys, or nothing if there is only one block.
    """

    def __init__(self, keys: Labels, blocks: List[TensorBlock]):
        """
        :param keys: one entry for each block
        :param blocks: blocks with the same names of samples, components and properties; the map takes them
            over, so that these objects can not be used any more (give ``block.copy()`` to keep one)
        """

    @property
    def keys(self) -> Labels:
        """Keys of the blocks."""

    @property
    def sample_names(self) -> List[str]:
        """Names of the samples of all blocks."""

    @property
    def component_names(self) -> List[str]:
        """Names of the components of all blocks."""

    @property
    def property_names(self) -> List[str]:
        """Names of the properties of all blocks."""

    @property
    def device(self) -> torch.device:
        """Device of the keys and the blocks."""

    @property
    def dtype(self) -> torch.dtype:
        """Dtype of the blocks; the default dtype if there is none."""

    @property
    def is_view(self) -> bool:
        """Is this map inside of something else?"""

    def block(self, selection: Selection = None) -> TensorBlock:
        """The block that agrees with the selection."""

    def blocks(self, selection: Union[Selection, List[int]] = None) -> List[TensorBlock]:
        """All blocks that agree with the selection."""

    def block_by_id(self, index: int) -> TensorBlock:
        """Block number ``index``."""

    def blocks_by_id(self, indices: List[int]) -> List[TensorBlock]:
        """The blocks with these numbers."""

    def items(self) -> List[Tuple[LabelsEntry, TensorBlock]]:
        """All keys with their blocks."""

    def copy(self, deep: bool = True) -> "TensorMap":
        """The same map, with data of its own if ``deep``."""

    def keys_to_samples(
        self, keys_to_move: Union[Names, Labels], fill_value: float = 0, sort_samples: bool = True
    ) -> "TensorMap":
        """Merge blocks along their samples; the moved dimensions come after those of the samples."""

    def keys_to_properties(
        self, keys_to_move: Union[Names, Labels], fill_value: float = 0, sort_samples: bool = True
    ) -> "TensorMap":
        """Merge blocks along their properties; the moved dimensions come before those of the properties."""

    def components_to_properties(self, dimensions: Names) -> "TensorMap":
        """Turn axes of components into properties."""

    def set_info(self, key: str, value: str) -> None:
        """Attach a text to this map."""

    def get_info(self, key: str) -> Optional[str]:
        """The text that was attached, ``None`` if there is none."""

    def info(self) -> Dict[str, str]:
        """All texts that were attached."""

    def to(
        self,
        *positional: Union[torch.dtype, DeviceLike],
        dtype: Optional[torch.dtype] = None,
        device: Optional[torch.device] = None,
        arrays: Optional[str] = None,
        non_blocking: bool = False,
    ) -> "TensorMap":
        """The same data with another dtype, on another device, or both; ``arrays`` is ``None`` or "torch"."""

    def print(self, max_keys: int) -> str:
        """A table of at most ``max_keys`` blocks (all if negative)."""

    @staticmethod
    def load(file: str) -> "TensorMap":
        """Map in an ``.mts`` file."""

    @staticmethod
    def load_buffer(buffer: torch.Tensor) -> "TensorMap":
        """Map in the content of such a file, uint8 [n_bytes]."""

    def save(self, file: str) -> None:
        """Write an ``.mts`` file."""

    def save_buffer(self) -> torch.Tensor:
        """The content of that file, uint8 [n_bytes]."""

    def __len__(self) -> int: ...
    def __getitem__(self, selection: Union[Selection, Any]) -> TensorBlock: ...
    def __iter__(self) -> Iterator[TensorBlock]:
        return map(self.__getitem__, range(len(self)))

    def _repr_html_(self) -> str:
        return _html.map_html(self)


def version() -> str:
    """Version of the metatensor-torch interface that this package implements."""


def dtype_name(dtype: torch.dtype) -> str:
    """Name of a dtype such as "torch.float32"; in scripted code, where dtypes are numbers, too."""
