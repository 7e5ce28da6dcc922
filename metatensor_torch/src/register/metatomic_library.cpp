// SPDX-License-Identifier: BSD-3-Clause
// The classes and operators that TorchScript knows under the name `metatomic`
#include <regex>

#include <torch/script.h>

#include "atomistic/warn_once.hpp"
#include "metatomic/torch.hpp"
#include "register/operators.hpp"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations" // quantity and per_atom still are in the interface

namespace metatomic_torch {
namespace {

using metatensor_torch::Labels;
using metatensor_torch::op;
using metatensor_torch::OperatorRow;
using metatensor_torch::TensorBlock;
using metatensor_torch::TensorMap;
using torch::arg;
using torch::IValue;

/// Pickling through JSON text.
template <typename Holder>
void add_json_pickle(torch::class_<Holder>& type) {
    type.def_pickle([](const torch::intrusive_ptr<Holder>& self) { return self->to_json(); },
                    [](const std::string& json) { return Holder::from_json(json); });
}

/// Makes what a plain data class declares into functions of the holder that derives from it, which is what
/// TorchScript can register.
template <typename Holder>
struct HolderOf {
    using Self = torch::intrusive_ptr<Holder>;

    template <typename Result, typename Data, typename... Arguments>
    static auto call(Result (Data::*method)(Arguments...) const) {
        return [method](const Self& self, Arguments... arguments) -> std::decay_t<Result> {
            return ((*self).*method)(std::forward<Arguments>(arguments)...);
        };
    }
    template <typename Result, typename Data, typename... Arguments>
    static auto call(Result (Data::*method)(Arguments...)) {
        return [method](const Self& self, Arguments... arguments) -> Result {
            return ((*self).*method)(std::forward<Arguments>(arguments)...);
        };
    }
    template <typename Member, typename Data>
    static auto get(Member Data::*member) {
        return [member](const Self& self) { return (*self).*member; };
    }
    template <typename Member, typename Data>
    static auto set(Member Data::*member) {
        return [member](const Self& self, Member value) { (*self).*member = std::move(value); };
    }
};

void register_neighbor_list_options(torch::Library& library) {
    using Data = NeighborListOptionsData;
    using Of = HolderOf<NeighborListOptionsHolder>;
    auto type = library.class_<NeighborListOptionsHolder>("NeighborListOptions");
    type.def(torch::init<double, bool, bool, std::string>(), "",
             {arg("cutoff"), arg("full_list"), arg("strict"), arg("requestor") = ""})
        .def_property("cutoff", Of::call(&Data::cutoff))
        .def_property("length_unit", Of::call(&Data::length_unit), Of::call(&Data::set_length_unit))
        .def("engine_cutoff", Of::call(&Data::engine_cutoff), "", {arg("engine_length_unit")})
        .def_property("full_list", Of::call(&Data::full_list))
        .def_property("strict", Of::call(&Data::strict))
        .def("requestors", Of::call(&Data::requestors))
        .def("add_requestor", Of::call(&Data::add_requestor), "", {arg("requestor")})
        .def("__repr__", Of::call(&Data::repr))
        .def("__str__", Of::call(&Data::str))
        .def("__eq__",
             [](const NeighborListOptions& self, const NeighborListOptions& other) { return self == other; })
        .def("__ne__",
             [](const NeighborListOptions& self, const NeighborListOptions& other) { return self != other; });
    add_json_pickle(type);
}

void register_system(torch::Library& library) {
    using Data = SystemData;
    using Of = HolderOf<SystemHolder>;
    library.class_<SystemHolder>("System")
        .def(torch::init<torch::Tensor, torch::Tensor, torch::Tensor, torch::Tensor>(), "",
             {arg("types"), arg("positions"), arg("cell"), arg("pbc")})
        .def_property("types", Of::call(&Data::types), Of::call(&Data::set_types))
        .def_property("positions", Of::call(&Data::positions), Of::call(&Data::set_positions))
        .def_property("cell", Of::call(&Data::cell), Of::call(&Data::set_cell))
        .def_property("pbc", Of::call(&Data::pbc), Of::call(&Data::set_pbc))
        .def("__len__", Of::call(&Data::size))
        .def("__str__", Of::call(&Data::str))
        .def("__repr__", Of::call(&Data::str))
        .def_property("device", Of::call(&Data::device))
        .def_property("dtype", Of::call(&Data::scalar_type))
        .def("to", &SystemHolder::to_positional, "",
             {arg("_0") = IValue(), arg("_1") = IValue(), arg("dtype") = IValue(), arg("device") = IValue(),
              arg("non_blocking") = false})
        .def("add_neighbor_list",
             [](const System& self, const NeighborListOptions& options, TensorBlock neighbors) {
                 self->add_neighbor_list(options, std::move(neighbors));
             },
             "", {arg("options"), arg("neighbors")})
        .def("get_neighbor_list",
             [](const System& self, const NeighborListOptions& options) {
                 return self->get_neighbor_list(options);
             },
             "", {arg("options")})
        .def("known_neighbor_lists", &SystemHolder::known_neighbor_lists)
        .def("add_data",
             [](const System& self, std::string name, TensorMap tensor, bool override, bool warn) {
                 self->add_data(std::move(name), std::move(tensor), override,
                                warn ? DeprecatedNames::warn : DeprecatedNames::accept);
             },
             "",
             {arg("name"), arg("tensor"), arg("override") = false, arg("_private_warn_on_deprecated") = true})
        .def("get_data", Of::call(&Data::get_data), "", {arg("name")})
        .def("known_data", Of::call(&Data::known_data))
        .def_pickle([](const System& self) { return save_buffer(self); },
                    [](const torch::Tensor& buffer) { return load_system_buffer(buffer); });
}

void register_metadata(torch::Library& library) {
    using Data = ModelMetadataData;
    using Of = HolderOf<ModelMetadataHolder>;
    using References = torch::Dict<std::string, std::vector<std::string>>;
    using Extra = torch::Dict<std::string, std::string>;
    auto type = library.class_<ModelMetadataHolder>("ModelMetadata");
    type.def(torch::init([](std::string name, std::string description, std::vector<std::string> authors,
                            const References& references, const Extra& extra) {
                 // dictionaries are shared by reference, the defaults too
                 return torch::make_intrusive<ModelMetadataHolder>(std::move(name), std::move(description),
                                                                   std::move(authors), references.copy(),
                                                                   extra.copy());
             }),
             "",
             {arg("name") = "", arg("description") = "", arg("authors") = std::vector<std::string>(),
              arg("references") = References(), arg("extra") = Extra()})
        .def("__repr__", Of::call(&Data::print))
        .def("__str__", Of::call(&Data::print))
        .def_property("name", Of::get(&Data::name), Of::set(&Data::name))
        .def_property("description", Of::get(&Data::description), Of::set(&Data::description))
        .def_property("authors", Of::get(&Data::authors), Of::call(&Data::set_authors))
        .def_property("references", Of::get(&Data::references), Of::call(&Data::set_references))
        .def_property("extra", Of::get(&Data::extra), Of::set(&Data::extra));
    add_json_pickle(type);
}

/// Sample kind from the ways in which it can be given: by position as `per_atom` or `sample_kind`, or by
/// name.
std::string parse_sample_kind(const IValue& positional, std::optional<bool> per_atom,
                              std::optional<std::string> sample_kind) {
    if (positional.isBool()) {
        TORCH_CHECK_VALUE(!per_atom.has_value(), "`per_atom` is given both by position and by name");
        per_atom = positional.toBool();
    } else if (positional.isString()) {
        TORCH_CHECK_VALUE(!sample_kind.has_value(), "`sample_kind` is given both by position and by name");
        sample_kind = positional.toStringRef();
    } else {
        TORCH_CHECK_VALUE(positional.isNone(),
                          "the third argument of ModelOutput must be `sample_kind` (a string) or ",
                          "`per_atom` (a boolean), got ", positional.type()->repr_str());
    }
    TORCH_CHECK_VALUE(!per_atom.has_value() || !sample_kind.has_value(),
                      "only one of `per_atom` and `sample_kind` can be given");
    if (per_atom.has_value()) return *per_atom ? "atom" : "system";
    return sample_kind.value_or("system");
}

void register_model_output(torch::Library& library) {
    using Data = ModelOutputData;
    using Of = HolderOf<ModelOutputHolder>;
    auto type = library.class_<ModelOutputHolder>("ModelOutput");
    type.def(torch::init([](std::string quantity, std::string unit, const IValue& kind,
                            std::vector<std::string> explicit_gradients, std::string description,
                            std::optional<bool> per_atom, std::optional<std::string> sample_kind) {
                 return torch::make_intrusive<ModelOutputHolder>(
                     std::move(quantity), std::move(unit),
                     parse_sample_kind(kind, per_atom, std::move(sample_kind)), std::move(explicit_gradients),
                     std::move(description));
             }),
             "",
             {arg("quantity") = "", arg("unit") = "", arg("_2") = IValue(),
              arg("explicit_gradients") = std::vector<std::string>(), arg("description") = "",
              arg("per_atom") = IValue(), arg("sample_kind") = IValue()})
        .def_property("description", Of::get(&Data::description), Of::set(&Data::description))
        .def_property("quantity", Of::call(&Data::quantity),
                      [](const ModelOutput& self, std::string quantity) {
                          detail::warn_deprecated_once(
                              "ModelOutput.quantity is deprecated, the unit alone is enough");
                          self->set_quantity(std::move(quantity));
                      })
        .def_property("unit", Of::call(&Data::unit), Of::call(&Data::set_unit))
        .def_property(
            "per_atom",
            [](const ModelOutput& self) {
                detail::warn_deprecated_once("ModelOutput.per_atom is deprecated, use sample_kind");
                return self->get_per_atom();
            },
            [](const ModelOutput& self, bool per_atom) {
                detail::warn_deprecated_once("ModelOutput.per_atom is deprecated, use sample_kind");
                self->set_per_atom(per_atom);
            })
        .def_property("sample_kind", Of::call(&Data::sample_kind), Of::call(&Data::set_sample_kind))
        .def_property("explicit_gradients", Of::get(&Data::explicit_gradients),
                      Of::set(&Data::explicit_gradients));
    add_json_pickle(type);
}

void register_capabilities(torch::Library& library) {
    using Data = ModelCapabilitiesData;
    using Of = HolderOf<ModelCapabilitiesHolder>;
    using Outputs = torch::Dict<std::string, ModelOutput>;
    auto type = library.class_<ModelCapabilitiesHolder>("ModelCapabilities");
    type.def(torch::init([](const Outputs& outputs, std::vector<int64_t> atomic_types,
                            double interaction_range, std::string length_unit,
                            std::vector<std::string> supported_devices, std::string dtype) {
                 return torch::make_intrusive<ModelCapabilitiesHolder>(
                     outputs.copy(), std::move(atomic_types), interaction_range, std::move(length_unit),
                     std::move(supported_devices), std::move(dtype));
             }),
             "",
             {arg("outputs") = Outputs(), arg("atomic_types") = std::vector<int64_t>(),
              arg("interaction_range") = -1.0, arg("length_unit") = "",
              arg("supported_devices") = std::vector<std::string>(), arg("dtype") = ""})
        .def_property("outputs", &ModelCapabilitiesHolder::outputs, &ModelCapabilitiesHolder::set_outputs)
        .def_property("atomic_types", Of::get(&Data::atomic_types), Of::set(&Data::atomic_types))
        .def_property("interaction_range", Of::get(&Data::interaction_range),
                      Of::set(&Data::interaction_range))
        .def("engine_interaction_range", Of::call(&Data::engine_interaction_range))
        .def_property("length_unit", Of::call(&Data::length_unit), Of::call(&Data::set_length_unit))
        .def_property("supported_devices", Of::get(&Data::supported_devices),
                      Of::set(&Data::supported_devices))
        .def_property("dtype", Of::call(&Data::dtype), Of::call(&Data::set_dtype));
    add_json_pickle(type);
}

void register_evaluation_options(torch::Library& library) {
    using Data = ModelEvaluationOptionsData;
    using Of = HolderOf<ModelEvaluationOptionsHolder>;
    using Outputs = torch::Dict<std::string, ModelOutput>;
    auto type = library.class_<ModelEvaluationOptionsHolder>("ModelEvaluationOptions");
    type.def(torch::init(
                 [](std::string length_unit, const Outputs& outputs, std::optional<Labels> selected_atoms) {
                     return torch::make_intrusive<ModelEvaluationOptionsHolder>(
                         std::move(length_unit), outputs.copy(), std::move(selected_atoms));
                 }),
             "", {arg("length_unit") = "", arg("outputs") = Outputs(), arg("selected_atoms") = IValue()})
        .def_property("length_unit", Of::call(&Data::length_unit), Of::call(&Data::set_length_unit))
        .def_property("outputs", Of::get(&ModelEvaluationOptionsHolder::outputs),
                      Of::set(&ModelEvaluationOptionsHolder::outputs))
        .def_property("selected_atoms", Of::call(&Data::get_selected_atoms),
                      Of::call(&Data::set_selected_atoms));
    add_json_pickle(type);
}

/// The 2-argument form (from, to) and the deprecated one (quantity, from, to), by position and by name.
double convert(const std::optional<std::string>& first, const std::optional<std::string>& second,
               const std::optional<std::string>& third, const std::optional<std::string>& quantity,
               const std::optional<std::string>& from_unit, const std::optional<std::string>& to_unit) {
    std::vector<std::string> arguments;
    if (quantity.has_value()) arguments.push_back(*quantity);
    for (const auto* positional : {&first, &second, &third}) {
        if (positional->has_value()) arguments.push_back(**positional);
    }
    if (from_unit.has_value()) arguments.push_back(*from_unit);
    if (to_unit.has_value()) arguments.push_back(*to_unit);
    if (arguments.size() == 3) return unit_conversion_factor(arguments[0], arguments[1], arguments[2]);
    TORCH_CHECK(arguments.size() == 2 && !quantity.has_value(),
                "unit_conversion_factor needs two arguments, from_unit and to_unit, got ", arguments.size());
    return unit_conversion_factor(arguments[0], arguments[1]);
}

/// Name of the picked device, with the index that was requested.
std::string pick_device_name(const std::vector<std::string>& model_devices,
                             const std::optional<std::string>& requested_device) {
    try {
        const auto picked = pick_device(model_devices, requested_device);
        if (requested_device.has_value() && !requested_device->empty()) {
            auto requested = *requested_device;
            std::transform(requested.begin(), requested.end(), requested.begin(),
                           [](unsigned char c) { return std::tolower(c); });
            return torch::Device(requested).str();
        }
        return torch::Device(picked).str();
    } catch (const c10::Error& error) {
        TORCH_CHECK(false, "pick_device failed: ", error.what_without_backtrace());
    }
}

void check_outputs(const std::vector<System>& systems, const torch::Dict<std::string, ModelOutput>& requested,
                   const std::optional<Labels>& selected_atoms,
                   const torch::Dict<std::string, TensorMap>& outputs, const std::string& model_dtype) {
    check_quantities(systems, requested, selected_atoms, outputs, model_dtype, "outputs");
}

// The names of C++ are overloaded, those of the table are not.
System load_file(const std::string& path) { return load_system(path); }
System load_file_with(const std::string& path, std::optional<torch::Device> device, bool mmap) {
    return load_system(path, {device.value_or(torch::kCPU), mmap});
}
System load_buffer(const torch::Tensor& buffer) { return load_system_buffer(buffer); }

constexpr OperatorRow OPERATORS[] = {
    op<&version>("version() -> str"),
    op<&pick_device_name>("pick_device(str[] model_devices, str? requested_device=None) -> str"),
    op<&pick_output>("pick_output(str requested_output, Dict(str, ModelOutput) outputs, "
                     "str? desired_variant=None) -> str"),
    op<&read_model_metadata>("read_model_metadata(str path) -> ModelMetadata"),
    op<&check_atomistic_model>("check_atomistic_model.check_atomistic_model(str path) -> ()"),
    op<&load_model_extensions>(
        "load_model_extensions.load_model_extensions(str path, str? extensions_directory) -> ()"),
    op<&register_autograd_neighbors>(
        "register_autograd_neighbors.register_autograd_neighbors("
        "System system, TensorBlock neighbors, bool check_consistency=False) -> ()"),
    op<&convert>("unit_conversion_factor(str? _0=None, str? _1=None, str? _2=None, str? quantity=None, "
                 "str? from_unit=None, str? to_unit=None) -> float"),
    op<&unit_dimension_for_quantity>("unit_dimension_for_quantity(str name) -> str"),
    op<&check_outputs>("_check_outputs._check_outputs(System[] systems, Dict(str, ModelOutput) requested, "
                       "Labels? selected_atoms, Dict(str, TensorMap) outputs, str model_dtype) -> ()"),
    op<&check_quantities>(
        "_check_quantities._check_quantities(System[] systems, Dict(str, ModelOutput) requested, "
        "Labels? selected_atoms, Dict(str, TensorMap) values, str model_dtype, "
        "str inputs_or_outputs) -> ()"),
    op<&check_atomic_types>("_check_atomic_types(System[] systems, int[] supported) -> ()"),
    op<&check_inputs>(
        "_check_inputs(System[] systems, ModelCapabilities capabilities, "
        "NeighborListOptions[] requested_neighbor_lists, Dict(str, ModelOutput) requested_inputs, "
        "ModelEvaluationOptions options) -> ()"),
    op<&convert_systems_units>(
        "_convert_systems_units(System[] systems, Dict(str, ModelOutput) requested_inputs, "
        "str model_length_unit, str system_length_unit) -> System[]"),
    op<&convert_outputs_units>("_convert_outputs_units(Dict(str, TensorMap) outputs, "
                               "Dict(str, ModelOutput) declared, Dict(str, ModelOutput) requested) "
                               "-> Dict(str, TensorMap)"),
    op<&save>("save(str path, System system) -> ()"),
    op<&load_file>("load_system(str path) -> System"),
    op<&load_file_with>(
        "load_system.to(str path, *, Device? device, bool mmap=False) -> System"), // only here
    op<&save_buffer>("save_buffer(System system) -> Tensor"),
    op<&load_buffer>("load_system_buffer(Tensor buffer) -> System"),
};

/// The schema with the full names of the classes.
std::string with_full_names(const char* schema) {
    static const std::regex METATENSOR(R"(\b(Labels|TensorBlock|TensorMap)\b)");
    static const std::regex METATOMIC(R"(\b(System|NeighborListOptions|Model[A-Z]\w+)\b)");
    const auto text = std::regex_replace(schema, METATENSOR, "__torch__.torch.classes.metatensor.$1");
    return std::regex_replace(text, METATOMIC, "__torch__.torch.classes.metatomic.$1");
}

} // namespace

// Schemas of operators name the classes, and those of a class name the ones before it: this order matters.
TORCH_LIBRARY(metatomic, library) {
    register_neighbor_list_options(library);
    register_system(library);
    register_metadata(library);
    register_model_output(library);
    register_capabilities(library);
    register_evaluation_options(library);
    // most of these change their arguments or only check them: nothing may be assumed of them
    for (const auto& row : OPERATORS) {
        library.def(torch::schema(with_full_names(row.schema).c_str(), c10::AliasAnalysisKind::CONSERVATIVE),
                    row.make_function());
    }
}

} // namespace metatomic_torch
