// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>
#include <Python.h>

#include <optional>
#include <vector>

namespace metatensor_torch::python {

/// Turns Python values into TorchScript values of one type, by the rules of torch.jit for values that have
/// exactly the Python classes which people pass; for all others there is torch's own conversion.
class Converter {
  public:
    explicit Converter(const c10::TypePtr& type);

    /// The value, or nothing where torch's own conversion has to decide (and to raise, if it does not fit).
    std::optional<c10::IValue> operator()(PyObject* value) const { return convert_(*this, value); }

    const c10::TypePtr& type() const { return type_; }
    /// Of the elements of a list, keys and values of a dictionary, what may be None, or parts of a tuple.
    const std::vector<Converter>& inner() const { return inner_; }

  private:
    using Convert = std::optional<c10::IValue> (*)(const Converter&, PyObject*);
    static Convert convert_for(c10::TypeKind kind);

    c10::TypePtr type_;
    std::vector<Converter> inner_;
    Convert convert_;
};

/// The Python object for a TorchScript value, as torch.jit makes it; a new reference.
/// Throws `py::error_already_set` or an error of torch.
PyObject* to_python(c10::IValue&& value);

} // namespace metatensor_torch::python
