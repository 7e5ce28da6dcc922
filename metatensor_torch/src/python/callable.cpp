// SPDX-License-Identifier: BSD-3-Clause
#include "callable.hpp"

#include "errors.hpp"
#include "objects.hpp"
#include "signature.hpp"

#include <ATen/PythonTorchFunctionTLS.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/Exceptions.h>
#include <torch/csrc/jit/frontend/tracer.h>

#include <structmember.h>

#include <array>
#include <functional>

namespace metatensor_torch::python {
namespace {

namespace py = pybind11;
using torch::jit::Stack;

struct Target {
    std::string name;
    Signature signature;
    std::function<void(Stack&)> run;
    c10::ClassTypePtr self_class; // of a method and of a constructor
    bool is_method, is_operator;
    py::object slow; // none for a method: torch has one for each object
};

struct Callable {
    PyObject_HEAD vectorcallfunc vectorcall;
    PyObject* dict;
    Target* target; // kept forever, as the function that it stands for
};

PyTypeObject* method_class = nullptr;
PyTypeObject* function_class = nullptr;

Target& target_of(PyObject* callable) { return *reinterpret_cast<Callable*>(callable)->target; }

/// Does torch's own callable do more now than to run the function?
bool is_watched(const Target& target) {
    return torch::jit::tracer::isTracing() || (target.is_operator && at::impl::torch_function_mode_enabled());
}

void run(const Target& target, Stack& stack) {
    try {
        py::gil_scoped_release other_threads_run;
        target.run(stack);
    } catch (const NotEqualError& error) {
        raise(error);
    }
}

PyObject* call_slowly(const Target& target, PyObject* const* values, size_t n_positional, PyObject* names) {
    if (!target.is_method) {
        return PyObject_Vectorcall(target.slow.ptr(), values, n_positional, names);
    }
    auto method = py::reinterpret_steal<py::object>(
        PyObject_CallMethod(values[0], "_get_method", "s", target.name.c_str()));
    if (!method) {
        return nullptr;
    }
    return PyObject_Vectorcall(method.ptr(), values + 1, n_positional - 1, names);
}

PyObject* result_of(Stack& stack) {
    if (stack.empty()) {
        Py_RETURN_NONE;
    } // an operator that returns ()
    return to_python(std::move(stack.back()));
}

/// The instance of the class that a Python object holds, or a TypeError.
torch::jit::ObjectPtr self_of(PyObject* object, const c10::ClassType& script_class, const std::string& name) {
    const auto* held = held_object(object);
    auto self = held ? held->_ivalue() : torch::jit::ObjectPtr();
    TORCH_CHECK_TYPE(self && self->type().get() == &script_class, "'", name, "' needs an instance of ",
                     script_class.name()->name(), ", got '", Py_TYPE(object)->tp_name, "'");
    return self;
}

PyObject* call_method(PyObject* callable, PyObject* const* values, size_t n_and_flag, PyObject* names) {
    HANDLE_TH_ERRORS
    const auto& target = target_of(callable);
    const auto n_positional = static_cast<size_t>(PyVectorcall_NARGS(n_and_flag));
    TORCH_CHECK_TYPE(n_positional > 0, "'", target.name, "' must be called on an object");
    Stack stack;
    stack.reserve(1 + target.signature.size());
    stack.emplace_back(self_of(values[0], *target.self_class, target.name));
    if (is_watched(target) || !target.signature.push(stack, values + 1, n_positional - 1, names)) {
        return call_slowly(target, values, n_positional, names);
    }
    run(target, stack);
    return result_of(stack);
    END_HANDLE_TH_ERRORS
}

PyObject* call_function(PyObject* callable, PyObject* const* values, size_t n_and_flag, PyObject* names) {
    HANDLE_TH_ERRORS
    const auto& target = target_of(callable);
    const auto n_positional = static_cast<size_t>(PyVectorcall_NARGS(n_and_flag));
    Stack stack;
    stack.reserve(1 + target.signature.size());
    torch::jit::ObjectPtr self;
    if (target.self_class) {
        self = c10::ivalue::Object::create(c10::StrongTypePtr({}, target.self_class), /*numSlots=*/1);
        stack.emplace_back(self);
    }
    if (is_watched(target) || !target.signature.push(stack, values, n_positional, names)) {
        return call_slowly(target, values, n_positional, names);
    }
    run(target, stack);
    return self ? new_python_object(std::move(self)) : result_of(stack);
    END_HANDLE_TH_ERRORS
}

PyObject* get_repr(PyObject* callable) {
    return PyUnicode_FromFormat("<TorchScript %s %s>", target_of(callable).is_method ? "method" : "function",
                                target_of(callable).name.c_str());
}

void deallocate(PyObject* callable) {
    auto* type = Py_TYPE(callable);
    Py_XDECREF(reinterpret_cast<Callable*>(callable)->dict);
    type->tp_free(callable);
    Py_DECREF(type);
}

PyTypeObject* make_class(const char* name) {
    static std::array<PyMemberDef, 3> members{{
        {"__vectorcalloffset__", T_PYSSIZET, offsetof(Callable, vectorcall), READONLY, nullptr},
        {"__dictoffset__", T_PYSSIZET, offsetof(Callable, dict), READONLY, nullptr},
        {nullptr, 0, 0, 0, nullptr},
    }};
    static std::array<PyGetSetDef, 2> attributes{{
        {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, nullptr, nullptr},
        {nullptr, nullptr, nullptr, nullptr, nullptr},
    }};
    std::vector<PyType_Slot> slots{
        {Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
        {Py_tp_repr, reinterpret_cast<void*>(get_repr)},
        {Py_tp_dealloc, reinterpret_cast<void*>(deallocate)},
        {Py_tp_members, members.data()},
        {Py_tp_getset, attributes.data()},
        {0, nullptr},
    };
    PyType_Spec spec{name, sizeof(Callable), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL,
                     slots.data()};
    auto* result = PyType_FromSpec(&spec);
    if (!result) {
        throw py::error_already_set();
    }
    return reinterpret_cast<PyTypeObject*>(result);
}

py::object make_callable(Target&& target) {
    auto* type = target.is_method ? method_class : function_class;
    auto result = py::reinterpret_steal<py::object>(type->tp_alloc(type, 0));
    if (!result) {
        throw py::error_already_set();
    }
    auto* callable = reinterpret_cast<Callable*>(result.ptr());
    callable->vectorcall = target.is_method ? call_method : call_function;
    callable->target = new Target(std::move(target));
    return result;
}

torch::jit::Function& checked(torch::jit::Function* function, const c10::ClassType& script_class,
                              const std::string& name) {
    TORCH_CHECK_VALUE(function, script_class.name()->name(), " has no method '", name, "'");
    return *function;
}

auto runner(torch::jit::Function& function) {
    return [&function](Stack& stack) { function.run(stack); };
}

/// What a property descriptor needs to know, besides the class of the object.
struct Getter {
    torch::jit::Function* function;
    const c10::ClassType* script_class;
    std::string name, doc;
    PyGetSetDef definition{};
};

PyObject* get_property(PyObject* object, void* closure) {
    HANDLE_TH_ERRORS
    const auto& getter = *static_cast<Getter*>(closure);
    if (torch::jit::tracer::isTracing()) {
        return PyObject_CallMethod(object, "__getattr__", "s", getter.name.c_str());
    }
    Stack stack{self_of(object, *getter.script_class, getter.name)};
    {
        py::gil_scoped_release other_threads_run;
        getter.function->run(stack);
    }
    return result_of(stack);
    END_HANDLE_TH_ERRORS
}

} // namespace

void init_callables() {
    method_class = make_class("metatensor_torch.ScriptMethod");
    function_class = make_class("metatensor_torch.ScriptFunction");
}

py::object make_method(const c10::ClassTypePtr& script_class, const std::string& name) {
    auto& function = checked(script_class->findMethod(name), *script_class, name);
    return make_callable({.name = name,
                          .signature = Signature(function.getSchema(), 1),
                          .run = runner(function),
                          .self_class = script_class,
                          .is_method = true,
                          .is_operator = false,
                          .slow = {}});
}

py::object make_descriptor(const py::object& method) {
    return py::reinterpret_steal<py::object>(PyInstanceMethod_New(method.ptr()));
}

py::object make_static_method(const c10::ClassTypePtr& script_class, const std::string& name,
                              py::object slow) {
    auto& function = checked(script_class->findStaticMethod(name), *script_class, name);
    return make_callable({.name = name,
                          .signature = Signature(function.getSchema(), 0),
                          .run = runner(function),
                          .self_class = nullptr,
                          .is_method = false,
                          .is_operator = false,
                          .slow = std::move(slow)});
}

py::object make_constructor(const c10::ClassTypePtr& script_class, py::object slow) {
    auto& function = checked(script_class->findMethod("__init__"), *script_class, "__init__");
    return make_callable({.name = script_class->name()->name(),
                          .signature = Signature(function.getSchema(), 1),
                          .run = runner(function),
                          .self_class = script_class,
                          .is_method = false,
                          .is_operator = false,
                          .slow = std::move(slow)});
}

py::object make_operator(const std::string& name, const std::string& overload, py::object slow) {
    const auto handle = c10::Dispatcher::singleton().findSchemaOrThrow(name.c_str(), overload.c_str());
    return make_callable({.name = name,
                          .signature = Signature(handle.schema(), 0),
                          .run = [handle](Stack& stack) { handle.callBoxed(stack); },
                          .self_class = nullptr,
                          .is_method = false,
                          .is_operator = true,
                          .slow = std::move(slow)});
}

py::object make_property(PyTypeObject* python_class, const std::string& name, const std::string& doc) {
    const auto& script_class = script_class_of(python_class);
    TORCH_CHECK_VALUE(script_class, python_class->tp_name, " is not bound to a TorchScript class");
    auto& function = *script_class->getProperty(name)->getter;
    auto* getter = new Getter{&function, script_class.get(), name, doc}; // kept by the class
    getter->definition = {getter->name.c_str(), get_property, nullptr, getter->doc.c_str(), getter};
    auto descriptor = py::reinterpret_steal<py::object>(PyDescr_NewGetSet(python_class, &getter->definition));
    if (!descriptor) {
        throw py::error_already_set();
    }
    return descriptor;
}

} // namespace metatensor_torch::python
