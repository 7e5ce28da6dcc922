// SPDX-License-Identifier: BSD-3-Clause
#include "conversion.hpp"

#include "objects.hpp"

#include <torch/csrc/Device.h>
#include <torch/csrc/Dtype.h>
#include <torch/csrc/autograd/python_variable.h>
#include <torch/csrc/jit/python/pybind_utils.h>

#include <array>

namespace metatensor_torch::python {
namespace {

using c10::IValue;
using MaybeValue = std::optional<IValue>;

MaybeValue convert_tensor(const Converter&, PyObject* value) {
    if (!THPVariable_CheckExact(value)) {
        return {};
    } // subclasses may want __torch_function__
    return IValue(THPVariable_Unpack(value));
}

MaybeValue convert_bool(const Converter&, PyObject* value) {
    if (value == Py_True) {
        return IValue(true);
    }
    if (value == Py_False) {
        return IValue(false);
    }
    return {};
}

MaybeValue convert_int(const Converter&, PyObject* value) {
    if (!PyLong_CheckExact(value)) {
        return {};
    }
    int overflow = 0;
    const auto number = PyLong_AsLongLongAndOverflow(value, &overflow);
    if (overflow != 0) {
        return {};
    }
    return IValue(static_cast<int64_t>(number));
}

MaybeValue convert_float(const Converter&, PyObject* value) {
    if (PyFloat_CheckExact(value)) {
        return IValue(PyFloat_AS_DOUBLE(value));
    }
    if (const auto integer = convert_int(Converter(c10::IntType::get()), value)) {
        return IValue(static_cast<double>(integer->toInt()));
    }
    return {};
}

MaybeValue convert_scalar(const Converter& converter, PyObject* value) {
    return PyFloat_CheckExact(value) ? convert_float(converter, value) : convert_int(converter, value);
}

MaybeValue convert_string(const Converter&, PyObject* value) {
    if (!PyUnicode_CheckExact(value)) {
        return {};
    }
    Py_ssize_t size = 0;
    const auto* text = PyUnicode_AsUTF8AndSize(value, &size);
    if (!text) { // lone surrogates
        PyErr_Clear();
        return {};
    }
    return IValue(std::string(text, static_cast<size_t>(size)));
}

MaybeValue convert_device(const Converter&, PyObject* value) {
    if (!THPDevice_Check(value)) {
        return {};
    }
    return IValue(reinterpret_cast<THPDevice*>(value)->device);
}

MaybeValue convert_dtype(const Converter& converter, PyObject* value) {
    if (!THPDtype_Check(value)) {
        return convert_int(converter, value);
    }
    return IValue(static_cast<int64_t>(reinterpret_cast<THPDtype*>(value)->scalar_type));
}

MaybeValue convert_none(const Converter&, PyObject* value) {
    if (value != Py_None) {
        return {};
    }
    return IValue();
}

MaybeValue convert_optional(const Converter& converter, PyObject* value) {
    return value == Py_None ? MaybeValue(IValue()) : converter.inner()[0](value);
}

MaybeValue convert_object(const Converter& converter, PyObject* value) {
    const auto* object = held_object(value);
    if (!object) {
        return {};
    }
    auto held = object->_ivalue();
    if (held->type().get() != converter.type().get()) {
        return {};
    }
    return IValue(std::move(held));
}

MaybeValue convert_sequence(const Converter& element, PyObject* value) {
    c10::impl::GenericList list(element.type());
    const auto size = PySequence_Fast_GET_SIZE(value);
    list.reserve(static_cast<size_t>(size));
    for (Py_ssize_t i = 0; i < size; i++) {
        auto converted = element(PySequence_Fast_GET_ITEM(value, i));
        if (!converted) {
            return {};
        }
        list.push_back(std::move(*converted));
    }
    return IValue(std::move(list));
}

MaybeValue convert_list(const Converter& converter, PyObject* value) {
    if (!PyList_CheckExact(value) && !PyTuple_CheckExact(value)) {
        return {};
    }
    return convert_sequence(converter.inner()[0], value);
}

MaybeValue convert_items(const Converter& key, const Converter& element, PyObject* value) {
    c10::impl::GenericDict dict(key.type(), element.type());
    PyObject *python_key = nullptr, *python_element = nullptr;
    Py_ssize_t place = 0;
    while (PyDict_Next(value, &place, &python_key, &python_element)) {
        auto converted_key = key(python_key);
        auto converted_element = element(python_element);
        if (!converted_key || !converted_element) {
            return {};
        }
        dict.insert(std::move(*converted_key), std::move(*converted_element));
    }
    return IValue(std::move(dict));
}

MaybeValue convert_dict(const Converter& converter, PyObject* value) {
    if (!PyDict_CheckExact(value)) {
        return {};
    }
    return convert_items(converter.inner()[0], converter.inner()[1], value);
}

MaybeValue convert_tuple(const Converter& converter, PyObject* value) {
    const auto& parts = converter.inner();
    if (!PyTuple_CheckExact(value) || PyTuple_GET_SIZE(value) != static_cast<Py_ssize_t>(parts.size())) {
        return {};
    }
    std::vector<IValue> converted;
    for (size_t i = 0; i < parts.size(); i++) {
        auto part = parts[i](PyTuple_GET_ITEM(value, static_cast<Py_ssize_t>(i)));
        if (!part) {
            return {};
        }
        converted.push_back(std::move(*part));
    }
    return IValue(c10::ivalue::Tuple::create(std::move(converted)));
}

MaybeValue convert_with_torch(const Converter&, PyObject*) { return {}; }

/// What a value is if nothing else is said: the type that torch.jit gives it, where that is plain to see.
c10::TypePtr simple_type_of(PyObject* value) {
    if (THPVariable_CheckExact(value)) {
        return c10::TensorType::get();
    }
    if (PyUnicode_CheckExact(value)) {
        return c10::StringType::get();
    }
    if (PyBool_Check(value)) {
        return c10::BoolType::get();
    }
    if (PyLong_CheckExact(value) || THPDtype_Check(value)) {
        return c10::IntType::get();
    }
    if (PyFloat_CheckExact(value)) {
        return c10::FloatType::get();
    }
    if (value == Py_None) {
        return c10::NoneType::get();
    }
    if (THPDevice_Check(value)) {
        return c10::DeviceObjType::get();
    }
    const auto* object = held_object(value);
    return object ? object->type() : nullptr;
}

/// Does every element have the Python class of the first? (or torch's rules for mixed containers apply)
bool same_classes(PyObject* sequence) {
    const auto size = PySequence_Fast_GET_SIZE(sequence);
    for (Py_ssize_t i = 1; i < size; i++) {
        if (Py_TYPE(PySequence_Fast_GET_ITEM(sequence, i)) !=
            Py_TYPE(PySequence_Fast_GET_ITEM(sequence, 0))) {
            return false;
        }
    }
    return true;
}

MaybeValue convert_any(const Converter& converter, PyObject* value);

MaybeValue convert_any_list(PyObject* value) {
    if (PyList_GET_SIZE(value) == 0 || !same_classes(value)) {
        return {};
    }
    const auto element_type = simple_type_of(PyList_GET_ITEM(value, 0));
    if (!element_type) {
        return {};
    }
    return convert_sequence(Converter(element_type), value);
}

MaybeValue convert_any_dict(PyObject* value) {
    PyObject *key = nullptr, *element = nullptr;
    Py_ssize_t place = 0;
    if (!PyDict_Next(value, &place, &key, &element) || !PyUnicode_CheckExact(key)) {
        return {};
    }
    const auto element_type = simple_type_of(element);
    if (!element_type) {
        return {};
    }
    const auto* element_class = Py_TYPE(element);
    while (PyDict_Next(value, &place, &key, &element)) {
        if (Py_TYPE(element) != element_class) {
            return {};
        }
    }
    return convert_items(Converter(c10::StringType::get()), Converter(element_type), value);
}

MaybeValue convert_any_tuple(const Converter& any, PyObject* value) {
    std::vector<IValue> parts;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(value); i++) {
        auto part = convert_any(any, PyTuple_GET_ITEM(value, i));
        if (!part) {
            return {};
        }
        parts.push_back(std::move(*part));
    }
    return IValue(c10::ivalue::Tuple::create(std::move(parts)));
}

MaybeValue convert_any(const Converter& any, PyObject* value) {
    if (const auto* object = held_object(value)) {
        return IValue(object->_ivalue());
    }
    if (PyList_CheckExact(value)) {
        return convert_any_list(value);
    }
    if (PyDict_CheckExact(value)) {
        return convert_any_dict(value);
    }
    if (PyTuple_CheckExact(value)) {
        return convert_any_tuple(any, value);
    }
    if (THPDtype_Check(value)) {
        return convert_dtype(any, value);
    }
    const auto type = simple_type_of(value);
    if (!type) {
        return {};
    }
    return Converter(type)(value);
}

/// An empty list says nothing of its type: it gets that of the first lists in the union, where torch fails.
MaybeValue convert_empty_list(const Converter& converter) {
    for (const auto& type : converter.type()->containedTypes()) {
        if (const auto list = type->cast<c10::ListType>()) {
            return IValue(c10::impl::GenericList(list->getElementType()));
        }
    }
    return {};
}

/// As torch: the type that the value has by itself must be one of the union.
MaybeValue convert_union(const Converter& converter, PyObject* value) {
    if (PyList_CheckExact(value) && PyList_GET_SIZE(value) == 0) {
        return convert_empty_list(converter);
    }
    auto converted = convert_any(converter, value);
    if (!converted || !converted->type()->isSubtypeOf(*converter.type())) return {};
    return converted;
}

std::vector<Converter> inner_converters(const c10::TypePtr& type) {
    std::vector<Converter> converters;
    if (type->kind() == c10::TypeKind::ClassType) {
        return converters;
    }
    for (const auto& contained : type->containedTypes()) {
        converters.emplace_back(contained);
    }
    return converters;
}

PyObject* checked(PyObject* object) {
    if (!object) {
        throw py::error_already_set();
    }
    return object;
}

PyObject* list_to_python(const c10::impl::GenericList& list) {
    auto result =
        py::reinterpret_steal<py::object>(checked(PyList_New(static_cast<Py_ssize_t>(list.size()))));
    Py_ssize_t place = 0;
    for (IValue element : list) {
        PyList_SET_ITEM(result.ptr(), place++, to_python(std::move(element)));
    }
    return result.release().ptr();
}

PyObject* tuple_to_python(const c10::ivalue::Tuple& tuple) {
    const auto& elements = tuple.elements();
    auto result =
        py::reinterpret_steal<py::object>(checked(PyTuple_New(static_cast<Py_ssize_t>(tuple.size()))));
    Py_ssize_t place = 0;
    for (const auto& element : elements) {
        PyTuple_SET_ITEM(result.ptr(), place++, to_python(IValue(element)));
    }
    return result.release().ptr();
}

bool is_custom_class(const c10::ClassType& type) {
    return type.name() && type.name()->qualifiedName().starts_with("__torch__.torch.classes");
}

} // namespace

Converter::Converter(const c10::TypePtr& type)
    : type_(type), inner_(inner_converters(type)), convert_(convert_for(type->kind())) {}

Converter::Convert Converter::convert_for(c10::TypeKind kind) {
    struct Row {
        c10::TypeKind kind;
        Convert convert;
    };
    static constexpr auto rows = std::array{
        Row{c10::TypeKind::AnyType, convert_any},          Row{c10::TypeKind::BoolType, convert_bool},
        Row{c10::TypeKind::ClassType, convert_object},     Row{c10::TypeKind::DeviceObjType, convert_device},
        Row{c10::TypeKind::DictType, convert_dict},        Row{c10::TypeKind::FloatType, convert_float},
        Row{c10::TypeKind::IntType, convert_dtype}, // how class methods declare their dtypes
        Row{c10::TypeKind::ListType, convert_list},        Row{c10::TypeKind::NoneType, convert_none},
        Row{c10::TypeKind::NumberType, convert_scalar},    Row{c10::TypeKind::OptionalType, convert_optional},
        Row{c10::TypeKind::ScalarTypeType, convert_dtype}, Row{c10::TypeKind::StringType, convert_string},
        Row{c10::TypeKind::TensorType, convert_tensor},    Row{c10::TypeKind::TupleType, convert_tuple},
        Row{c10::TypeKind::UnionType, convert_union},
    };
    for (const auto& row : rows) {
        if (row.kind == kind) {
            return row.convert;
        }
    }
    return convert_with_torch;
}

PyObject* to_python(IValue&& value) {
    if (value.isNone()) {
        Py_RETURN_NONE;
    }
    if (value.isTensor()) {
        return checked(THPVariable_Wrap(std::move(value).toTensor()));
    }
    if (value.isBool()) {
        return PyBool_FromLong(value.toBool());
    }
    if (value.isInt()) {
        return checked(PyLong_FromLongLong(value.toInt()));
    }
    if (value.isDouble()) {
        return checked(PyFloat_FromDouble(value.toDouble()));
    }
    if (value.isString()) {
        const auto& text = value.toStringRef();
        return checked(PyUnicode_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size())));
    }
    if (value.isList()) {
        return list_to_python(std::move(value).toList());
    }
    if (value.isTuple()) {
        return tuple_to_python(value.toTupleRef());
    } // nothing here returns named ones
    if (value.isObject() && is_custom_class(*value.toObjectRef().type())) {
        return new_python_object(std::move(value).toObject());
    }
    return torch::jit::toPyObject(std::move(value)).release().ptr();
}

} // namespace metatensor_torch::python
