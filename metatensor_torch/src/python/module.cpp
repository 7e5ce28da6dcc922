// SPDX-License-Identifier: BSD-3-Clause
// The extension module behind metatensor_torch/_binding.py.
#include "callable.hpp"
#include "errors.hpp"
#include "objects.hpp"

#include <torch/custom_class.h>

#include <array>

namespace metatensor_torch::python {
namespace {

namespace py = pybind11;

PyObject* constructors = nullptr; // {class: callable}

/// Calls of a bound class are calls of its constructor.
PyObject* call_class(PyObject* python_class, PyObject* arguments, PyObject* keywords) {
    auto* constructor = PyDict_GetItemWithError(constructors, python_class);
    if (constructor) {
        return PyObject_Call(constructor, arguments, keywords);
    }
    if (!PyErr_Occurred()) {
        PyErr_Format(PyExc_TypeError, "%s has no constructor",
                     reinterpret_cast<PyTypeObject*>(python_class)->tp_name);
    }
    return nullptr;
}

/// The class of the classes whose instances are TorchScript objects.
py::object make_metaclass() {
    std::array<PyType_Slot, 2> slots{{{Py_tp_call, reinterpret_cast<void*>(call_class)}, {0, nullptr}}};
    PyType_Spec spec{"metatensor_torch.ScriptClass", 0, 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
                     slots.data()};
    const auto bases = py::make_tuple(py::handle(reinterpret_cast<PyObject*>(Py_TYPE(script_object_type()))));
    auto result = py::reinterpret_steal<py::object>(PyType_FromSpecWithBases(&spec, bases.ptr()));
    if (!result) {
        throw py::error_already_set();
    }
    return result;
}

c10::ClassTypePtr find_class(const std::string& qualified_name) {
    auto found = torch::getCustomClass(qualified_name);
    TORCH_CHECK_VALUE(found, "there is no TorchScript class '", qualified_name, "'");
    return found;
}

PyTypeObject* as_type(const py::type& type) { return reinterpret_cast<PyTypeObject*>(type.ptr()); }

} // namespace

PYBIND11_MODULE(_binding, module, py::mod_gil_not_used()) {
    init_objects();
    init_callables();
    constructors = PyDict_New();
    module.def("make_class", [metaclass = make_metaclass()](const std::string& script_class,
                                                            const std::string& doc) {
        return make_class(reinterpret_cast<PyTypeObject*>(metaclass.ptr()), find_class(script_class), doc);
    });
    module.def("bind_constructor", [](const py::type& python_class, py::object slow) {
        const auto constructor = make_constructor(script_class_of(as_type(python_class)), std::move(slow));
        if (PyDict_SetItem(constructors, python_class.ptr(), constructor.ptr()) != 0) {
            throw py::error_already_set();
        }
    });
    module.def("method", [](const py::type& python_class, const std::string& name) -> py::object {
        const auto& script_class = script_class_of(as_type(python_class));
        return script_class->findMethod(name) ? make_method(script_class, name) : py::none();
    });
    module.def("descriptor", make_descriptor);
    module.def("static_method", [](const py::type& python_class, const std::string& name, py::object slow) {
        return make_static_method(script_class_of(as_type(python_class)), name, std::move(slow));
    });
    module.def("property", [](const py::type& python_class, const std::string& name, const std::string& doc) {
        return make_property(as_type(python_class), name, doc);
    });
    module.def("operator", make_operator);
    module.def("raise_not_equal_error_as", raise_not_equal_error_as);
}

} // namespace metatensor_torch::python
