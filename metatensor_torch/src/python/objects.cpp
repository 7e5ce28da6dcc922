// SPDX-License-Identifier: BSD-3-Clause
#include "objects.hpp"

#include <torch/csrc/jit/python/pybind_utils.h>

#include <cstring>
#include <unordered_map>

namespace metatensor_torch::python {
namespace {

using py::detail::instance;

/// What is known about the classes; lives as long as the process, as their Python objects do.
struct Registry {
    py::detail::type_info* object_info = nullptr;
    void (*torch_init_instance)(instance*, const void*) = nullptr;
    std::unordered_map<const c10::ClassType*, PyTypeObject*> by_script_class;
    std::unordered_map<PyTypeObject*, c10::ClassTypePtr> by_python_class;
};

Registry& registry() {
    static auto* instance = new Registry();
    return *instance;
}

PyTypeObject* bound_class(const c10::ClassType* script_class) {
    const auto found = registry().by_script_class.find(script_class);
    return found == registry().by_script_class.end() ? nullptr : found->second;
}

torch::jit::Object*& held_slot(PyObject* object) {
    return reinterpret_cast<torch::jit::Object*&>(
        reinterpret_cast<instance*>(object)->simple_value_holder[0]);
}

/// Stands in the place of torch's function that completes a new torch.ScriptObject: gives it its bound class.
void init_instance(instance* self, const void* holder) {
    registry().torch_init_instance(self, holder);
    auto* object = reinterpret_cast<PyObject*>(self);
    if (Py_TYPE(object) != script_object_type()) {
        return;
    }
    if (auto* python_class = bound_class(held_slot(object)->type().get())) {
        Py_INCREF(python_class);
        Py_SET_TYPE(object, python_class);
        Py_DECREF(script_object_type());
    }
}

char* copy_text(const std::string& text) {
    auto* copy = static_cast<char*>(PyObject_Malloc(text.size() + 1));
    if (copy) {
        std::memcpy(copy, text.c_str(), text.size() + 1);
    }
    return copy;
}

/// A class as a class statement makes it, except that its instances are laid out exactly as those of
/// torch.ScriptObject: a class statement would add the header of the garbage collector.
py::object new_class(PyTypeObject* metaclass, const std::string& name, const std::string& doc) {
    auto result = py::reinterpret_steal<py::object>(metaclass->tp_alloc(metaclass, 0));
    if (!result) {
        throw py::error_already_set();
    }
    auto* heap_type = reinterpret_cast<PyHeapTypeObject*>(result.ptr());
    heap_type->ht_name = py::str(name).release().ptr();
    heap_type->ht_qualname = py::str(name).release().ptr();
    auto* type = &heap_type->ht_type;
    type->tp_name = copy_text(name);
    type->tp_doc = copy_text(doc); // the class frees it
    Py_INCREF(script_object_type());
    type->tp_base = script_object_type();
    type->tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HEAPTYPE;
    type->tp_as_async = &heap_type->as_async;
    type->tp_as_number = &heap_type->as_number;
    type->tp_as_sequence = &heap_type->as_sequence;
    type->tp_as_mapping = &heap_type->as_mapping;
    type->tp_as_buffer = &heap_type->as_buffer;
    if (PyType_Ready(type) != 0) {
        throw py::error_already_set();
    }
    return result;
}

} // namespace

void init_objects() {
    auto* info = py::detail::get_type_info(typeid(torch::jit::Object), /*throw_if_missing=*/true);
    registry().object_info = info;
    registry().torch_init_instance = info->init_instance;
    info->init_instance = init_instance;
}

PyTypeObject* script_object_type() { return registry().object_info->type; }

py::object make_class(PyTypeObject* metaclass, const c10::ClassTypePtr& script_class,
                      const std::string& doc) {
    auto python_class = new_class(metaclass, script_class->name()->name(), doc);
    const auto compilation_unit = torch::jit::get_python_cu();
    if (!compilation_unit->get_class(*script_class->name())) {
        compilation_unit->register_type(script_class);
    }
    auto* type = reinterpret_cast<PyTypeObject*>(py::object(python_class).release().ptr()); // kept forever
    registry().by_script_class[script_class.get()] = type;
    registry().by_python_class[type] = script_class;
    return python_class;
}

const c10::ClassTypePtr& script_class_of(PyTypeObject* python_class) {
    static const c10::ClassTypePtr none;
    const auto found = registry().by_python_class.find(python_class);
    return found == registry().by_python_class.end() ? none : found->second;
}

const torch::jit::Object* held_object(PyObject* object) {
    return PyObject_TypeCheck(object, script_object_type()) ? held_slot(object) : nullptr;
}

PyObject* new_python_object(torch::jit::ObjectPtr object) {
    auto* python_class = bound_class(object->type().get());
    auto* self = py::detail::make_new_instance(python_class ? python_class : script_object_type());
    auto* pybind_instance = reinterpret_cast<instance*>(self);
    pybind_instance->owned = true;
    held_slot(self) = new torch::jit::Object(std::move(object));
    registry().torch_init_instance(pybind_instance, nullptr);
    return self;
}

} // namespace metatensor_torch::python
