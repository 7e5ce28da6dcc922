// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "conversion.hpp"

#include <ATen/core/function_schema.h>
#include <ATen/core/stack.h>

#include <optional>
#include <vector>

namespace metatensor_torch::python {

/// The arguments of a schema as Python passes them.
class Signature {
  public:
    /// Leaves out the first `n_skipped` arguments of the schema (self).
    explicit Signature(const c10::FunctionSchema& schema, size_t n_skipped);

    /// Pushes all arguments of a vectorcall: `values` starts with `n_positional` positional ones; the others
    /// have the names in the tuple `names` (may be null). False if torch's own binding has to decide about
    /// them.
    bool push(torch::jit::Stack& stack, PyObject* const* values, size_t n_positional, PyObject* names) const;

    size_t size() const { return arguments_.size(); }

  private:
    struct Argument {
        PyObject* name; // interned, kept forever as the functions themselves
        Converter converter;
        std::optional<c10::IValue> default_value;
        bool is_keyword_only;
    };

    /// Place of the argument in the call among the keywords, if it is there.
    static std::optional<size_t> find_keyword(PyObject* names, PyObject* name);

    std::vector<Argument> arguments_;
};

} // namespace metatensor_torch::python
