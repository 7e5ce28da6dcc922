// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <torch/csrc/jit/api/object.h>
#include <torch/csrc/utils/pybind.h>

namespace metatensor_torch::python {

/// Finds torch's class of Python objects and takes part in their making, see `make_class`. Once, on import.
void init_objects();

/// `torch.ScriptObject`, the class of all Python objects that hold an instance of a TorchScript class.
PyTypeObject* script_object_type();

/// New Python class for the instances of a TorchScript class: from now on all Python objects that hold one
/// are instances of it, whoever makes them, torch's binding or this one. It is a final subclass of
/// `torch.ScriptObject`, and torch.jit.script knows the TorchScript class under its qualified name.
///
/// `metaclass` must be derived from the class of `torch.ScriptObject`.
py::object make_class(PyTypeObject* metaclass, const c10::ClassTypePtr& script_class, const std::string& doc);

/// TorchScript class that a Python class was made for, null if there is none.
const c10::ClassTypePtr& script_class_of(PyTypeObject* python_class);

/// What a `torch.ScriptObject` holds; null for any other object, and for one that holds nothing.
const torch::jit::Object* held_object(PyObject* object);

/// New Python object that holds an instance of a TorchScript class; a new reference, null with a Python
/// error.
PyObject* new_python_object(torch::jit::ObjectPtr object);

} // namespace metatensor_torch::python
