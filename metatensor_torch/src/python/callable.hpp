// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/function.h>
#include <pybind11/pybind11.h>

#include <string>

namespace metatensor_torch::python {

/// Makes the Python classes of the objects below. Once, on import.
void init_callables();

// Python callables that convert arguments and results themselves, without the C++ exceptions and look-ups
// that torch's binding needs. They behave as `slow`, torch's own callable of the same function, and call it
// when an argument is one that `Converter` leaves to torch, when torch.jit traces, or (operators) when a
// torch function mode is active. Other threads can run during a call. Errors are those of torch's binding.
//
// They have a `__dict__` for documentation, and can be registered as TorchScript builtins.

/// A method of a TorchScript class; its first argument is the object.
pybind11::object make_method(const c10::ClassTypePtr& script_class, const std::string& name);

/// What a Python class has as attribute for `method`, so that `object.name` is bound to the object. It is a
/// descriptor of Python's own, as torch.compile calls methods of unknown ones without their object.
pybind11::object make_descriptor(const pybind11::object& method);

/// A static method of a TorchScript class.
pybind11::object make_static_method(const c10::ClassTypePtr& script_class, const std::string& name,
                                    pybind11::object slow);

/// The constructor of a TorchScript class.
pybind11::object make_constructor(const c10::ClassTypePtr& script_class, pybind11::object slow);

/// An operator, by its name ("metatensor::add") and the name of its overload.
pybind11::object make_operator(const std::string& name, const std::string& overload, pybind11::object slow);

/// Reads a property of a TorchScript class: a descriptor for the Python class bound to it.
pybind11::object make_property(PyTypeObject* python_class, const std::string& name, const std::string& doc);

} // namespace metatensor_torch::python
