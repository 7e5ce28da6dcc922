# SPDX-License-Identifier: BSD-3-Clause
"""Classes and operators as eager Python code calls them: quickly, and with documentation.

torch's own binding costs 1 to 40 µs a call. The extension module ``_binding`` does the same conversions in a
fraction of a microsecond, and leaves what is unusual (other classes of arguments, tracing, errors in arguments)
to torch. With it, the classes of this package are Python classes whose instances are ``torch.ScriptObject``,
wherever they come from; ``torch.jit.script`` sees the TorchScript classes. It is built for one version of Python.
Without it everything works through torch's binding.
"""

import copyreg
import functools
import importlib.machinery
import importlib.util
import io
import os
from multiprocessing.context import get_spawning_popen
from typing import Any, Callable, NamedTuple, TypeVar

import torch

from . import utils
from ._scripting import scripted_as


C = TypeVar("C", bound=type)
F = TypeVar("F", bound=Callable)


def _load_binding():
    directory = os.path.join(utils.install_prefix, "python")
    for suffix in importlib.machinery.EXTENSION_SUFFIXES:
        path = os.path.join(directory, "_binding" + suffix)
        if os.path.exists(path):
            spec = importlib.util.spec_from_file_location("metatensor_torch._binding", path)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
    return None


_binding = None if os.environ.get("METATENSOR_TORCH_NO_BINDING") else _load_binding()


def fast_op(name: str) -> Callable:
    """The operator "namespace::name" as a Python function: it takes and returns what ``torch.ops.namespace.name`` does.

    To use it in scripted code too, decorate the function around it with :py:func:`._scripting.scripted_as`, or
    take :py:func:`eager_function`.
    """
    namespace, _, base_name = name.partition("::")
    function = getattr(getattr(torch.ops, namespace), base_name)
    if _binding is None:
        return function
    for overload in reversed(function.overloads()):  # each calls the next one where it does not fit, the last torch
        function = _binding.operator(name, "" if overload == "default" else overload, function)
    return function


class FastOperators:
    """All operators of a namespace: ``operators.name`` is ``fast_op("namespace::name")``."""

    def __init__(self, namespace: str):
        self._namespace = namespace

    def __getattr__(self, name: str) -> Callable:
        function = fast_op(f"{self._namespace}::{name}")
        setattr(self, name, function)
        return function


def eager_function(name: str, documented: F) -> F:
    """The operator as a function for eager and scripted code, with the signature and docstring of another one."""
    function = fast_op(name)
    if _binding is not None:
        functools.update_wrapper(function, documented)
        function.__module__ = documented.__module__.rpartition(".")[0]
    return scripted_as(name)(function)


class _Attribute(NamedTuple):
    doc: str


def attribute(doc: str = "") -> Any:
    """An attribute of a documented class, ``name: type = attribute("What it is.")``: it can be set, too.

    Without a text, that of the C++ header is put there when the project is built.
    """
    return _Attribute(doc)


def eager_class(namespace: str, documented: C) -> C:
    """The TorchScript class ``torch.classes.<namespace>.<name of documented>`` as a Python class.

    :param documented: a class that has the methods, properties and static methods to be offered,
        with their docstrings and signatures; what the TorchScript class does not have is used as it is
    """
    slow = getattr(getattr(torch.classes, namespace), documented.__name__)
    if _binding is None:
        # or torch would look for it in each argument, in vain, by two C++ exceptions
        torch.ScriptObject.__torch_function__ = torch._C._disabled_torch_function_impl
        return slow

    qualified_name = f"__torch__.torch.classes.{namespace}.{documented.__name__}"
    python_class = _binding.make_class(qualified_name, documented.__doc__)
    python_class.__module__ = documented.__module__.rpartition(".")[0]
    python_class.__reduce_ex__ = _reduce_ex
    python_class.__torch_function__ = torch._C._disabled_torch_function_impl
    python_class._jit_override_qualname = qualified_name
    torch.jit._state._add_script_class(python_class, torch._C.ClassType(qualified_name))
    for name in ["__repr__", "__str__"]:  # need no documentation
        _add_member(python_class, name, getattr(torch.ScriptObject, name), slow)
    for name, item in vars(documented).items():
        _add_member(python_class, name, item, slow)
    return python_class


def _add_member(python_class: type, name: str, item: Any, slow: Any) -> None:
    if name == "__init__":
        _binding.bind_constructor(python_class, slow)
        python_class.__init__ = item  # only for its signature and docstring: calls go to the constructor
    elif isinstance(item, (property, _Attribute)):
        doc = item.doc if isinstance(item, _Attribute) else item.__doc__
        setattr(python_class, name, _binding.property(python_class, name, doc or ""))
    elif isinstance(item, staticmethod):
        function = _binding.static_method(python_class, name, getattr(slow, name))
        setattr(python_class, name, functools.update_wrapper(function, item.__func__))
    elif callable(item):
        method = _binding.method(python_class, name)
        if method is not None:
            item = _binding.descriptor(functools.update_wrapper(method, item))
        setattr(python_class, name, item)


def _reduce_ex(self, protocol):
    state = self.__getstate__()
    if get_spawning_popen() is not None:
        # torch would pass the file descriptors of tensors in the state, which are closed when these temporaries end
        saved = io.BytesIO()
        torch.save(state, saved)
        return _from_saved_state, (saved.getvalue(),)
    # As a torch.ScriptObject, so that it can be read without the extension module and by other implementations.
    # (What torch does itself is refused by pickle for an instance of a subclass.)
    return torch._tensor._rebuild_from_type_v2, (*_NEW_OBJECT, state)


_NEW_OBJECT = (copyreg.__newobj__, torch.ScriptObject, (torch.ScriptObject,))


def _from_saved_state(saved: bytes) -> torch.ScriptObject:
    state = torch.load(io.BytesIO(saved), weights_only=False)
    return torch._tensor._rebuild_from_type_v2(*_NEW_OBJECT, state)
