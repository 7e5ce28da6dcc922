// SPDX-License-Identifier: BSD-3-Clause
// Members of the six atomistic classes, which are registered under both of their names.
#pragma once

#include <torch/script.h>

#include "atomistic/generations.hpp"
#include "atomistic/warn_once.hpp"
#include "metatomic/torch.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations" // quantity and per_atom still are in the interface

namespace metatomic_torch {

/// Defines the six classes in `library`; `Classes` is `detail::MetatomicClasses` or `detail::LegacyClasses`.
///
/// Schemas of methods name the classes before them, so that the order of definitions matters.
template <typename Classes>
class ClassRegistration {
  public:
    explicit ClassRegistration(torch::Library& library) : library_(library) {}

    void register_all() {
        neighbor_list_options();
        system();
        metadata();
        model_output();
        capabilities();
        evaluation_options();
    }

  private:
    using IValue = torch::IValue;
    using Labels = metatensor_torch::Labels;
    using arg = torch::arg;
    template <typename Holder>
    using Class = typename Classes::template Class<Holder>;
    template <typename Holder>
    using Handle = torch::intrusive_ptr<Class<Holder>>;
    using Outputs = torch::Dict<std::string, Handle<ModelOutputHolder>>;

    torch::Library& library_;

    template <typename Holder, typename... Arguments>
    static Handle<Holder> make(Arguments&&... arguments) {
        return Classes::from_current(torch::make_intrusive<Holder>(std::forward<Arguments>(arguments)...));
    }

    template <typename Object>
    static auto& current(const Object& object) {
        return *Classes::to_current(object);
    }

    /// Pickling through JSON text.
    template <typename Holder>
    static void add_json_pickle(torch::class_<Class<Holder>>& type) {
        type.def_pickle(
            [](const Handle<Holder>& self) { return current(self).to_json(); },
            [](const std::string& json) { return Classes::from_current(Holder::from_json(json)); });
    }

    /// Makes what a plain data class declares into functions of the registered class, which is what
    /// TorchScript can register.
    template <typename Holder>
    struct HolderOf {
        using Self = Handle<Holder>;

        template <typename Result, typename Data, typename... Arguments>
        static auto call(Result (Data::*method)(Arguments...) const) {
            return [method](const Self& self, Arguments... arguments) -> std::decay_t<Result> {
                return (current(self).*method)(std::forward<Arguments>(arguments)...);
            };
        }
        template <typename Result, typename Data, typename... Arguments>
        static auto call(Result (Data::*method)(Arguments...)) {
            return [method](const Self& self, Arguments... arguments) -> Result {
                return (current(self).*method)(std::forward<Arguments>(arguments)...);
            };
        }
        template <typename Member, typename Data>
        static auto get(Member Data::*member) {
            return [member](const Self& self) { return current(self).*member; };
        }
        template <typename Member, typename Data>
        static auto set(Member Data::*member) {
            return [member](const Self& self, Member value) { current(self).*member = std::move(value); };
        }
    };

    void neighbor_list_options() {
        using Data = NeighborListOptionsData;
        using Of = HolderOf<NeighborListOptionsHolder>;
        using Self = Handle<NeighborListOptionsHolder>;
        auto type = library_.class_<Class<NeighborListOptionsHolder>>("NeighborListOptions");
        type.def(torch::init([](double cutoff, bool full_list, bool strict, std::string requestor) {
                     return make<NeighborListOptionsHolder>(cutoff, full_list, strict, std::move(requestor));
                 }),
                 "", {arg("cutoff"), arg("full_list"), arg("strict"), arg("requestor") = ""})
            .def_property("cutoff", Of::call(&Data::cutoff))
            .def_property("length_unit", Of::call(&Data::length_unit), Of::call(&Data::set_length_unit))
            .def("engine_cutoff", Of::call(&Data::engine_cutoff), "", {arg("engine_length_unit")})
            .def_property("full_list", Of::call(&Data::full_list))
            .def_property("strict", Of::call(&Data::strict))
            .def("requestors", Of::call(&Data::requestors))
            .def("add_requestor", Of::call(&Data::add_requestor), "", {arg("requestor")})
            .def("__repr__", Of::call(&Data::repr))
            .def("__str__", Of::call(&Data::str))
            .def("__eq__", [](const Self& self, const Self& other) { return equal(self, other); })
            .def("__ne__", [](const Self& self, const Self& other) { return !equal(self, other); });
        add_json_pickle<NeighborListOptionsHolder>(type);
    }

    static bool equal(const Handle<NeighborListOptionsHolder>& a,
                      const Handle<NeighborListOptionsHolder>& b) {
        return static_cast<const NeighborListOptionsData&>(current(a)) ==
               static_cast<const NeighborListOptionsData&>(current(b));
    }

    static void add_data(const Handle<SystemHolder>& self, std::string name,
                         metatensor_torch::TensorMap tensor, bool override, bool warn) {
        if constexpr (std::is_same_v<Classes, detail::LegacyClasses>) {
            current(self).add_data_of_any_name(std::move(name), std::move(tensor), override);
        } else {
            current(self).add_data(std::move(name), std::move(tensor), override,
                                   warn ? DeprecatedNames::warn : DeprecatedNames::accept);
        }
    }

    void system() {
        using Data = SystemData;
        using Of = HolderOf<SystemHolder>;
        using Self = Handle<SystemHolder>;
        using Options = Handle<NeighborListOptionsHolder>;
        library_.class_<Class<SystemHolder>>("System")
            .def(torch::init(
                     [](torch::Tensor types, torch::Tensor positions, torch::Tensor cell, torch::Tensor pbc) {
                         return make<SystemHolder>(std::move(types), std::move(positions), std::move(cell),
                                                   std::move(pbc));
                     }),
                 "", {arg("types"), arg("positions"), arg("cell"), arg("pbc")})
            .def_property("types", Of::call(&Data::types), Of::call(&Data::set_types))
            .def_property("positions", Of::call(&Data::positions), Of::call(&Data::set_positions))
            .def_property("cell", Of::call(&Data::cell), Of::call(&Data::set_cell))
            .def_property("pbc", Of::call(&Data::pbc), Of::call(&Data::set_pbc))
            .def("__len__", Of::call(&Data::size))
            .def("__str__", Of::call(&Data::str))
            .def("__repr__", Of::call(&Data::str))
            .def_property("device", Of::call(&Data::device))
            .def_property("dtype", Of::call(&Data::scalar_type))
            .def("to",
                 [](const Self& self, const IValue& positional_1, const IValue& positional_2,
                    std::optional<torch::Dtype> dtype, std::optional<torch::Device> device,
                    bool non_blocking) {
                     return Classes::from_current(current(self).to_positional(positional_1, positional_2,
                                                                              dtype, device, non_blocking));
                 },
                 "",
                 {arg("_0") = IValue(), arg("_1") = IValue(), arg("dtype") = IValue(),
                  arg("device") = IValue(), arg("non_blocking") = false})
            .def("add_neighbor_list",
                 [](const Self& self, const Options& options, metatensor_torch::TensorBlock neighbors) {
                     current(self).add_neighbor_list(current(options), std::move(neighbors));
                 },
                 "", {arg("options"), arg("neighbors")})
            .def("get_neighbor_list",
                 [](const Self& self, const Options& options) {
                     return current(self).get_neighbor_list(current(options));
                 },
                 "", {arg("options")})
            .def("known_neighbor_lists",
                 [](const Self& self) {
                     std::vector<Options> lists;
                     for (const auto& options : current(self).known_neighbor_lists())
                         lists.push_back(Classes::from_current(options));
                     return lists;
                 })
            .def("add_data", &add_data, "",
                 {arg("name"), arg("tensor"), arg("override") = false,
                  arg("_private_warn_on_deprecated") = true})
            .def("get_data", Of::call(&Data::get_data), "", {arg("name")})
            .def("known_data", Of::call(&Data::known_data))
            .def_pickle([](const Self& self) { return save_buffer(Classes::to_current(self)); },
                        [](const torch::Tensor& buffer) {
                            return Classes::from_current(load_system_buffer(buffer));
                        });
    }

    void metadata() {
        using Data = ModelMetadataData;
        using Of = HolderOf<ModelMetadataHolder>;
        using References = torch::Dict<std::string, std::vector<std::string>>;
        using Extra = torch::Dict<std::string, std::string>;
        auto type = library_.class_<Class<ModelMetadataHolder>>("ModelMetadata");
        type.def(torch::init([](std::string name, std::string description, std::vector<std::string> authors,
                                const References& references, const Extra& extra) {
                     // dictionaries are shared by reference, the defaults too
                     return make<ModelMetadataHolder>(std::move(name), std::move(description),
                                                      std::move(authors), references.copy(), extra.copy());
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
        add_json_pickle<ModelMetadataHolder>(type);
    }

    /// Sample kind from the ways in which it can be given: by position as `per_atom` or `sample_kind`, or by
    /// name.
    static std::string parse_sample_kind(const IValue& positional, std::optional<bool> per_atom,
                                         std::optional<std::string> sample_kind) {
        if (positional.isBool()) {
            TORCH_CHECK_VALUE(!per_atom.has_value(), "`per_atom` is given both by position and by name");
            per_atom = positional.toBool();
        } else if (positional.isString()) {
            TORCH_CHECK_VALUE(!sample_kind.has_value(),
                              "`sample_kind` is given both by position and by name");
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

    /// Only `metatomic` deprecates members: a model of before can not help using them.
    static void warn_deprecated(const char* message) {
        if (std::is_same_v<Classes, detail::MetatomicClasses>) detail::warn_deprecated_once(message);
    }

    void model_output() {
        using Data = ModelOutputData;
        using Of = HolderOf<ModelOutputHolder>;
        using Self = Handle<ModelOutputHolder>;
        auto type = library_.class_<Class<ModelOutputHolder>>("ModelOutput");
        type.def(torch::init([](std::string quantity, std::string unit, const IValue& kind,
                                std::vector<std::string> explicit_gradients, std::string description,
                                std::optional<bool> per_atom, std::optional<std::string> sample_kind) {
                     return make<ModelOutputHolder>(std::move(quantity), std::move(unit),
                                                    parse_sample_kind(kind, per_atom, std::move(sample_kind)),
                                                    std::move(explicit_gradients), std::move(description));
                 }),
                 "",
                 {arg("quantity") = "", arg("unit") = "", arg("_2") = IValue(),
                  arg("explicit_gradients") = std::vector<std::string>(), arg("description") = "",
                  arg("per_atom") = IValue(), arg("sample_kind") = IValue()})
            .def_property("description", Of::get(&Data::description), Of::set(&Data::description))
            .def_property("quantity", Of::call(&Data::quantity),
                          [](const Self& self, std::string quantity) {
                              warn_deprecated("ModelOutput.quantity is deprecated, the unit alone is enough");
                              current(self).set_quantity(std::move(quantity));
                          })
            .def_property("unit", Of::call(&Data::unit), Of::call(&Data::set_unit))
            .def_property(
                "per_atom",
                [](const Self& self) {
                    warn_deprecated("ModelOutput.per_atom is deprecated, use sample_kind");
                    return current(self).get_per_atom();
                },
                [](const Self& self, bool per_atom) {
                    warn_deprecated("ModelOutput.per_atom is deprecated, use sample_kind");
                    current(self).set_per_atom(per_atom);
                })
            .def_property("sample_kind", Of::call(&Data::sample_kind), Of::call(&Data::set_sample_kind))
            .def_property("explicit_gradients", Of::get(&Data::explicit_gradients),
                          Of::set(&Data::explicit_gradients));
        add_json_pickle<ModelOutputHolder>(type);
    }

    void capabilities() {
        using Data = ModelCapabilitiesData;
        using Of = HolderOf<ModelCapabilitiesHolder>;
        using Self = Handle<ModelCapabilitiesHolder>;
        auto type = library_.class_<Class<ModelCapabilitiesHolder>>("ModelCapabilities");
        type.def(torch::init([](const Outputs& outputs, std::vector<int64_t> atomic_types,
                                double interaction_range, std::string length_unit,
                                std::vector<std::string> supported_devices, std::string dtype) {
                     return make<ModelCapabilitiesHolder>(
                         Classes::to_current(outputs.copy()), std::move(atomic_types), interaction_range,
                         std::move(length_unit), std::move(supported_devices), std::move(dtype));
                 }),
                 "",
                 {arg("outputs") = Outputs(), arg("atomic_types") = std::vector<int64_t>(),
                  arg("interaction_range") = -1.0, arg("length_unit") = "",
                  arg("supported_devices") = std::vector<std::string>(), arg("dtype") = ""})
            .def_property(
                "outputs", [](const Self& self) { return Classes::from_current(current(self).outputs()); },
                [](const Self& self, Outputs outputs) {
                    current(self).set_outputs(Classes::to_current(std::move(outputs)));
                })
            .def_property("atomic_types", Of::get(&Data::atomic_types), Of::set(&Data::atomic_types))
            .def_property("interaction_range", Of::get(&Data::interaction_range),
                          Of::set(&Data::interaction_range))
            .def("engine_interaction_range", Of::call(&Data::engine_interaction_range))
            .def_property("length_unit", Of::call(&Data::length_unit), Of::call(&Data::set_length_unit))
            .def_property("supported_devices", Of::get(&Data::supported_devices),
                          Of::set(&Data::supported_devices))
            .def_property("dtype", Of::call(&Data::dtype), Of::call(&Data::set_dtype));
        add_json_pickle<ModelCapabilitiesHolder>(type);
    }

    void evaluation_options() {
        using Data = ModelEvaluationOptionsData;
        using Of = HolderOf<ModelEvaluationOptionsHolder>;
        using Self = Handle<ModelEvaluationOptionsHolder>;
        auto type = library_.class_<Class<ModelEvaluationOptionsHolder>>("ModelEvaluationOptions");
        type.def(torch::init([](std::string length_unit, const Outputs& outputs,
                                std::optional<Labels> selected_atoms) {
                     return make<ModelEvaluationOptionsHolder>(std::move(length_unit),
                                                               Classes::to_current(outputs.copy()),
                                                               std::move(selected_atoms));
                 }),
                 "", {arg("length_unit") = "", arg("outputs") = Outputs(), arg("selected_atoms") = IValue()})
            .def_property("length_unit", Of::call(&Data::length_unit), Of::call(&Data::set_length_unit))
            .def_property(
                "outputs", [](const Self& self) { return Classes::from_current(current(self).outputs); },
                [](const Self& self, Outputs outputs) {
                    current(self).outputs = Classes::to_current(std::move(outputs));
                })
            .def_property("selected_atoms", Of::call(&Data::get_selected_atoms),
                          Of::call(&Data::set_selected_atoms));
        add_json_pickle<ModelEvaluationOptionsHolder>(type);
    }
};

} // namespace metatomic_torch

#pragma GCC diagnostic pop
