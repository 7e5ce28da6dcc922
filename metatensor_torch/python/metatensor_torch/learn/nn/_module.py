# SPDX-License-Identifier: BSD-3-Clause
"""The base of all modules: labels, blocks and maps as buffers."""

from typing import Any, Dict, List

import torch

from ..._module import moved
from ._stored import contains_metatensor, from_stored, to_stored


class Buffer:
    """What makes an attribute of a :py:class:`Module` a buffer: ``self.name = Buffer(value)``.

    The attribute is ``value`` itself afterwards, and replaces what had that name; else this is ``register_buffer``.

    :param value: labels, a block, a map, a container of them, or a tensor
    :param persistent: whether the buffer is part of the state dict
    :raises TypeError: if ``value`` is nothing of these, when it becomes an attribute
    """

    def __init__(self, value: Any, persistent: bool = True):
        self.data = value
        self.persistent = persistent


class Module(torch.nn.Module):
    """A :py:class:`torch.nn.Module` whose buffers can be labels, blocks, maps, and lists, tuples and dictionaries of them.

    Such buffers move and change dtype with the module, are part of its state dict, can be used in ``forward`` when it is
    scripted, and move with ``metatensor_torch::Module::to`` in C++. Blocks and maps get the dtype of the module, labels only
    its device.

    Only what is registered is a buffer, by :py:meth:`register_buffer` or as a :py:class:`Buffer`. In a state dict, they stand
    together in the entry ``_extra_state``, as tensors that ``torch.load(..., weights_only=True)`` accepts.

    .. code-block:: python

        class Shift(metatensor.torch.learn.nn.Module):
            def __init__(self, shift: TensorMap):
                super().__init__()
                self.register_buffer("shift", shift)

            def forward(self, tensor: TensorMap) -> TensorMap:
                return metatensor.torch.add(tensor, self.shift)
    """

    # TorchScript and C++ read these two (see module.cpp); an empty list has no type for TorchScript.
    _mts_buffer_names: List[str]
    _mts_non_persistent_buffers: List[str]

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        # TorchScript sees the annotations of the class itself only
        cls.__annotations__ = {**Module.__annotations__, **cls.__dict__.get("__annotations__", {})}

    def __init__(self):
        super().__init__()
        self._mts_buffer_names = []
        self._mts_non_persistent_buffers = []
        # knows the device of modules without parameters
        self.register_buffer("_mts_helper", torch.zeros(0))

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Buffer):
            self._forget(name)
            self.register_buffer(name, value.data, value.persistent)
        else:
            super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        self._forget(name, delete=False)

    def register_buffer(self, name: str, value: Any = None, persistent: bool = True, *, tensor: Any = None) -> None:
        """Make ``value`` the buffer ``name``, which is an attribute of this module, too.

        :param name: name of the buffer, without a dot
        :param value: labels, a block, a map, a container of them, a tensor, or ``None``
        :param persistent: whether the buffer is part of the state dict
        :param tensor: what :py:class:`torch.nn.Module` calls ``value``
        :raises KeyError: if the name is empty, has a dot, or is that of another attribute
        :raises TypeError: if the name is not a string, ``value`` nothing of the above, or both ``value`` and ``tensor`` are given
        """
        if tensor is not None:
            if value is not None:
                raise TypeError("`value` and `tensor` are two names of one argument, got both")
            value = tensor
        if isinstance(value, torch.Tensor):
            super().register_buffer(name, value, persistent)
            return
        if not contains_metatensor(value):
            raise TypeError(
                f"buffer '{name}' must be a torch.Tensor, Labels, TensorBlock, TensorMap, a list, tuple or dict of them, "
                f"or None, got {type(value).__name__}"
            )
        self._check_name(name)
        setattr(self, name, value)
        self._mts_buffer_names.append(name)
        if not persistent:
            self._mts_non_persistent_buffers.append(name)

    def get_extra_state(self) -> Dict[str, Any]:
        """The persistent buffers that are not tensors, as the entry ``_extra_state`` of a state dict."""
        names = [name for name in self._mts_buffer_names if name not in self._mts_non_persistent_buffers]
        # what is None is left out, as torch does
        return {name: to_stored(getattr(self, name)) for name in names if getattr(self, name) is not None}

    def set_extra_state(self, extra: Dict[str, Any]) -> None:
        """Take the buffers of ``extra``, from :py:meth:`get_extra_state`.

        They come to the device of this module. A block or map gets the dtype of the one that it replaces, as parameters do.

        :param extra: names and stored buffers; what is not in there stays as it is
        :raises RuntimeError: if the data of a buffer are damaged
        """
        for name, stored in extra.items():
            setattr(self, name, from_stored(stored, getattr(self, name, None), self._mts_helper.device))

    def _apply(self, fn, recurse: bool = True):
        super()._apply(fn, recurse=recurse)
        for name in self._mts_buffer_names:
            setattr(self, name, moved(getattr(self, name), fn))
        return self

    def _check_name(self, name: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"the name of a buffer must be a string, got {type(name).__name__}")
        if name == "" or "." in name:
            raise KeyError(f"the name of a buffer can't be empty or contain a dot, got '{name}'")
        if name in self._mts_buffer_names or hasattr(self, name):
            raise KeyError(f"there is an attribute '{name}' already")

    def _forget(self, name: str, delete: bool = True) -> None:
        """Make a new buffer of this name possible."""
        if delete and hasattr(self, name):
            super().__delattr__(name)
        for names in [self._mts_buffer_names, self._mts_non_persistent_buffers]:
            if name in names:
                names.remove(name)
