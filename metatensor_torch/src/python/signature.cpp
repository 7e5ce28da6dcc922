// SPDX-License-Identifier: BSD-3-Clause
#include "signature.hpp"

namespace metatensor_torch::python {

Signature::Signature(const c10::FunctionSchema& schema, size_t n_skipped) {
    for (size_t i = n_skipped; i < schema.arguments().size(); i++) {
        const auto& argument = schema.arguments()[i];
        arguments_.push_back({PyUnicode_InternFromString(argument.name().c_str()), Converter(argument.type()),
                              argument.default_value(), argument.kwarg_only()});
    }
}

std::optional<size_t> Signature::find_keyword(PyObject* names, PyObject* name) {
    const auto size = names ? PyTuple_GET_SIZE(names) : 0;
    for (Py_ssize_t i = 0; i < size; i++) {
        if (PyTuple_GET_ITEM(names, i) == name) {
            return static_cast<size_t>(i);
        } // Python interns names in calls
    }
    return {};
}

bool Signature::push(torch::jit::Stack& stack, PyObject* const* values, size_t n_positional,
                     PyObject* names) const {
    const auto n_keywords = names ? static_cast<size_t>(PyTuple_GET_SIZE(names)) : 0;
    if (n_positional + n_keywords > arguments_.size()) {
        return false;
    }
    size_t n_used_keywords = 0;
    for (size_t i = 0; i < arguments_.size(); i++) {
        const auto& argument = arguments_[i];
        PyObject* value = nullptr;
        if (i < n_positional) {
            if (argument.is_keyword_only) {
                return false;
            }
            value = values[i];
        } else if (const auto place = find_keyword(names, argument.name)) {
            value = values[n_positional + *place];
            n_used_keywords++;
        }
        auto converted = value ? argument.converter(value) : argument.default_value;
        if (!converted) {
            return false;
        }
        stack.push_back(std::move(*converted));
    }
    return n_used_keywords == n_keywords;
}

} // namespace metatensor_torch::python
