// SPDX-License-Identifier: BSD-3-Clause
// The classes and operators that TorchScript knows under the name `metatensor`
#include <torch/script.h>

#include "metatensor/torch.hpp"
#include "register/operators.hpp"

namespace metatensor_torch {

namespace {

using torch::arg;
using torch::IValue;

IValue labels_item(const Labels& self, const IValue& index) {
    if (index.isInt()) {
        return torch::make_intrusive<LabelsEntryHolder>(self, index.toInt());
    }
    TORCH_CHECK_TYPE(index.isString(), "the index of Labels must be an int or a str, got ",
                     index.type()->repr_str());
    return self->column(index.toStringRef());
}

/// Names as TorchScript's list of them, without a vector in between
template <typename Holder>
c10::List<std::string> list_of_names(const torch::intrusive_ptr<Holder>& self) {
    const auto& names = self->names();
    c10::List<std::string> list;
    list.reserve(names.size());
    for (const auto& name : names) {
        list.push_back(name);
    }
    return list;
}

Labels make_labels(const IValue& names, torch::Tensor values, bool assume_unique) {
    return assume_unique
               ? torch::make_intrusive<LabelsHolder>(names, std::move(values), metatensor::assume_unique{})
               : torch::make_intrusive<LabelsHolder>(names, std::move(values));
}

/// Only here to say how values are changed.
void refuse_new_values(const TensorBlock& /*self*/, const torch::Tensor& /*values*/) {
    C10_THROW_ERROR(
        ValueError,
        "the values of a block can not be replaced, only changed: `block.values[:] = new_values`");
}

/// Members for files, buffers and pickling; the state of a pickled object is its buffer.
template <typename Holder>
void add_serialization(torch::class_<Holder>& type) {
    using Handle = torch::intrusive_ptr<Holder>;
    type.def("save", &Holder::save, "", {arg("file")})
        .def("save_buffer", &Holder::save_buffer)
        .def_static("load", &Holder::load)
        .def_static("load_buffer", &Holder::load_buffer)
        .def_pickle([](const Handle& self) -> torch::Tensor { return self->save_buffer(); },
                    [](torch::Tensor state) -> Handle { return Holder::load_buffer(std::move(state)); });
}

void register_labels_entry(torch::Library& library) {
    library.class_<LabelsEntryHolder>("LabelsEntry")
        .def("__str__", &LabelsEntryHolder::repr)
        .def("__repr__", &LabelsEntryHolder::repr)
        .def("__len__", &LabelsEntryHolder::size)
        .def("__getitem__", &LabelsEntryHolder::getitem, "", {arg("index")})
        .def("__eq__", [](const LabelsEntry& self, const LabelsEntry& other) { return *self == *other; }, "",
             {arg("other")})
        .def("__ne__", [](const LabelsEntry& self, const LabelsEntry& other) { return !(*self == *other); },
             "", {arg("other")})
        .def_property("names", &list_of_names<LabelsEntryHolder>)
        .def_property("values", &LabelsEntryHolder::values)
        .def_property("device", &LabelsEntryHolder::device)
        .def("print", &LabelsEntryHolder::print);
}

void add_labels_sets(torch::class_<LabelsHolder>& labels) {
    labels.def("union", &LabelsHolder::set_union, "", {arg("other")})
        .def("union_and_mapping", &LabelsHolder::union_and_mapping, "", {arg("other")})
        .def("intersection", &LabelsHolder::set_intersection, "", {arg("other")})
        .def("intersection_and_mapping", &LabelsHolder::intersection_and_mapping, "", {arg("other")})
        .def("difference", &LabelsHolder::set_difference, "", {arg("other")})
        .def("difference_and_mapping", &LabelsHolder::difference_and_mapping, "", {arg("other")})
        .def("select", &LabelsHolder::select, "", {arg("selection")});
}

/// Columns of `names` in this order; entries may come several times, as in the views that labels once had.
Labels labels_view(const Labels& self, const IValue& names) {
    const auto chosen = details::normalize_names(names, "names");
    std::vector<torch::Tensor> columns;
    for (const auto& name : chosen)
        columns.push_back(self->column(name));
    const auto values = columns.empty() ? self->values().slice(1, 0, 0) : torch::stack(columns, 1);
    return torch::make_intrusive<LabelsHolder>(chosen, values, metatensor::assume_unique{});
}

/// Members that only models have that were saved by metatensor-torch 0.8 and earlier.
void add_legacy_members(torch::class_<LabelsHolder>& labels) {
    labels.def("view", &labels_view, "", {arg("names")})
        .def("is_view", [](const Labels& /*self*/) { return false; })
        .def("to_owned", [](const Labels& self) { return self; });
}

/// Places of the blocks whose keys agree with the only entry of `selection`; in such old models, too.
std::vector<int64_t> blocks_matching(const TensorMap& self, const Labels& selection) {
    TORCH_CHECK_VALUE(selection->count() == 1, "the selection must have exactly one entry, got ",
                      selection->count());
    const auto matches = self->keys()->select(selection).to(torch::kCPU, torch::kInt64).contiguous();
    const auto* first = matches.const_data_ptr<int64_t>();
    return {first, first + matches.numel()};
}

void register_labels(torch::Library& library) {
    auto labels = library.class_<LabelsHolder>("Labels");
    labels.def(torch::init(&make_labels), "", {arg("names"), arg("values"), arg("assume_unique") = false})
        .def("__str__", &LabelsHolder::str)
        .def("__repr__", &LabelsHolder::repr)
        .def("__len__", &LabelsHolder::count)
        .def("__contains__",
             [](const Labels& self, const IValue& entry) { return self->position(entry).has_value(); }, "",
             {arg("entry")})
        .def("__eq__", [](const Labels& self, const Labels& other) { return *self == *other; }, "",
             {arg("other")})
        .def("__ne__", [](const Labels& self, const Labels& other) { return !(*self == *other); }, "",
             {arg("other")})
        .def("__getitem__", &labels_item, "", {arg("index")})
        .def("entry",
             [](const Labels& self, int64_t index) {
                 return torch::make_intrusive<LabelsEntryHolder>(self, index);
             },
             "", {arg("index")})
        .def("column", &LabelsHolder::column, "", {arg("dimension")})
        .def_property("names", &list_of_names<LabelsHolder>)
        .def_property("values", [](const Labels& self) { return self->values(); })
        .def("append", &LabelsHolder::append, "", {arg("name"), arg("values")})
        .def("insert", &LabelsHolder::insert, "", {arg("index"), arg("name"), arg("values")})
        .def("permute",
             [](const Labels& self, const std::vector<int64_t>& indexes) { return self->permute(indexes); },
             "", {arg("dimensions_indexes")})
        .def("remove", &LabelsHolder::remove, "", {arg("name")})
        .def("rename", &LabelsHolder::rename, "", {arg("old"), arg("new")})
        .def("to",
             [](const Labels& self, const IValue& device, bool non_blocking) {
                 return self->to(device, non_blocking);
             },
             "", {arg("device"), arg("non_blocking") = false})
        .def_property("device", &LabelsHolder::device)
        .def("position", [](const Labels& self, const IValue& entry) { return self->position(entry); }, "",
             {arg("entry")})
        .def("print", &LabelsHolder::print, "", {arg("max_entries"), arg("indent") = 0})
        .def_static("single", &LabelsHolder::single)
        .def_static("empty", &LabelsHolder::empty)
        .def_static("range", &LabelsHolder::range);
    add_labels_sets(labels);
    add_legacy_members(labels);
    add_serialization(labels);
}

void register_block(torch::Library& library) {
    auto block = library.class_<TensorBlockHolder>("TensorBlock");
    block
        .def(torch::init<torch::Tensor, Labels, std::vector<Labels>, Labels>(), "",
             {arg("values"), arg("samples"), arg("components"), arg("properties")})
        .def("__repr__", &TensorBlockHolder::repr)
        .def("__str__", &TensorBlockHolder::repr)
        .def("__len__", &TensorBlockHolder::len)
        .def("copy", &TensorBlockHolder::copy, "", {arg("deep") = true})
        .def_property(
            "values", [](const TensorBlock& self) { return self->values(); }, &refuse_new_values)
        .def_property("samples", [](const TensorBlock& self) { return self->samples(); })
        .def_property("components", [](const TensorBlock& self) { return self->components(); })
        .def_property("properties", [](const TensorBlock& self) { return self->properties(); })
        .def_property("shape", &TensorBlockHolder::shape)
        .def("add_gradient", &TensorBlockHolder::add_gradient, "", {arg("parameter"), arg("gradient")})
        .def("gradients_list", &TensorBlockHolder::gradients_list)
        .def("has_gradient", &TensorBlockHolder::has_gradient, "", {arg("parameter")})
        .def("gradient", &TensorBlockHolder::gradient, "", {arg("parameter")})
        .def("gradients", &TensorBlockHolder::gradients)
        .def_property("device", &TensorBlockHolder::device)
        .def_property("dtype", &TensorBlockHolder::scalar_type)
        .def_property("is_view", &TensorBlockHolder::is_view)
        .def("to", &TensorBlockHolder::to_positional, "",
             {arg("_0") = IValue(), arg("_1") = IValue(), arg("dtype") = IValue(), arg("device") = IValue(),
              arg("arrays") = IValue(), arg("non_blocking") = false});
    add_serialization(block);
}

void register_tensor_map(torch::Library& library) {
    auto tensor = library.class_<TensorMapHolder>("TensorMap");
    tensor.def(torch::init<Labels, std::vector<TensorBlock>>(), "", {arg("keys"), arg("blocks")})
        .def("__len__", [](const TensorMap& self) { return self->keys()->count(); })
        .def("__repr__", [](const TensorMap& self) { return self->print(-1); })
        .def("__str__", [](const TensorMap& self) { return self->print(7); })
        .def("__getitem__", &TensorMapHolder::block_torch, "", {arg("selection")})
        .def("copy", &TensorMapHolder::copy, "", {arg("deep") = true})
        .def("items", &TensorMapHolder::items)
        .def_property("keys", [](const TensorMap& self) { return self->keys(); })
        .def("block_by_id", &TensorMapHolder::block_by_id, "", {arg("index")})
        .def("blocks_by_id", &TensorMapHolder::blocks_by_id, "", {arg("indices")})
        .def("block", &TensorMapHolder::block_torch, "", {arg("selection") = IValue()})
        .def("blocks", &TensorMapHolder::blocks_torch, "", {arg("selection") = IValue()})
        .def("keys_to_samples", &TensorMapHolder::keys_to_samples, "",
             {arg("keys_to_move"), arg("fill_value") = 0, arg("sort_samples") = true})
        .def("keys_to_properties", &TensorMapHolder::keys_to_properties, "",
             {arg("keys_to_move"), arg("fill_value") = 0, arg("sort_samples") = true})
        .def("components_to_properties", &TensorMapHolder::components_to_properties, "", {arg("dimensions")})
        .def("set_info", &TensorMapHolder::set_info, "", {arg("key"), arg("value")})
        .def("get_info", &TensorMapHolder::get_info, "", {arg("key")})
        .def("info", &TensorMapHolder::info)
        .def_property("sample_names", &TensorMapHolder::sample_names)
        .def_property("component_names", &TensorMapHolder::component_names)
        .def_property("property_names", &TensorMapHolder::property_names)
        .def_property("device", &TensorMapHolder::device)
        .def_property("dtype", &TensorMapHolder::scalar_type)
        .def_property("is_view", &TensorMapHolder::is_view)
        .def("to", &TensorMapHolder::to_positional, "",
             {arg("_0") = IValue(), arg("_1") = IValue(), arg("dtype") = IValue(), arg("device") = IValue(),
              arg("arrays") = IValue(), arg("non_blocking") = false})
        .def("print", &TensorMapHolder::print, "", {arg("max_keys")})
        .def("blocks_matching", &blocks_matching, "", {arg("selection")});
    add_serialization(tensor);
}

} // namespace

// Schemas of operators name the classes, and those of a class name the ones before it: this order matters.
TORCH_LIBRARY(metatensor, library) {
    register_labels_entry(library);
    register_labels(library);
    register_block(library);
    register_tensor_map(library);
    register_metatensor_operators(library);
    register_metatensor_operations(library);
}

} // namespace metatensor_torch
