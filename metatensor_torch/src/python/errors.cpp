// SPDX-License-Identifier: BSD-3-Clause
#include "errors.hpp"

#include <exception>

namespace metatensor_torch::python {
namespace {

namespace py = pybind11;

PyObject* not_equal_error = PyExc_ValueError; // its base, until the class is known

void set_error(const NotEqualError& error) {
    PyErr_SetString(not_equal_error, error.what_without_backtrace());
}

} // namespace

void raise_not_equal_error_as(py::object python_class) {
    not_equal_error = python_class.release().ptr(); // kept as long as the process
    py::register_exception_translator([](std::exception_ptr exception) {
        try {
            if (exception) {
                std::rethrow_exception(exception);
            }
        } catch (const NotEqualError& error) {
            set_error(error);
        }
    });
}

void raise(const NotEqualError& error) {
    set_error(error);
    throw py::error_already_set();
}

} // namespace metatensor_torch::python
