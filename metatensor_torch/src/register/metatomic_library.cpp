// SPDX-License-Identifier: BSD-3-Clause
// The classes and operators that TorchScript knows under the name `metatomic`
#include <regex>
#include <span>

#include <torch/script.h>

#include "metatomic/torch.hpp"
#include "register/metatomic_classes.hpp"
#include "register/metatomic_legacy.hpp"
#include "register/operators.hpp"

#pragma GCC diagnostic ignored                                                                               \
    "-Wdeprecated-declarations" // conversion of units by quantity still is in the interface

namespace metatomic_torch {
namespace {

using metatensor_torch::Labels;
using metatensor_torch::op;
using metatensor_torch::OperatorRow;
using metatensor_torch::TensorBlock;
using metatensor_torch::TensorMap;

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

/// The schema with the full names of the classes; `LegacySystem` is the one that TorchScript calls
/// `metatensor.System`.
std::string with_full_names(const char* schema) {
    static const std::regex METATENSOR(R"(\b(Labels|TensorBlock|TensorMap)\b)");
    static const std::regex METATOMIC(R"(\b(System|NeighborListOptions|Model[A-Z]\w+)\b)");
    static const std::regex LEGACY(R"(\bLegacy(\w+)\b)");
    auto text = std::regex_replace(schema, METATENSOR, "__torch__.torch.classes.metatensor.$1");
    text = std::regex_replace(text, METATOMIC, "__torch__.torch.classes.metatomic.$1");
    return std::regex_replace(text, LEGACY, "__torch__.torch.classes.metatensor.$1");
}

void define(torch::Library& library, std::span<const OperatorRow> rows) {
    for (const auto& row : rows) {
        metatensor_torch::define_operator(library, row, with_full_names(row.schema));
    }
}

} // namespace

// Schemas of operators name the classes, and those of a class name the ones before it: this order matters.
TORCH_LIBRARY(metatomic, library) {
    ClassRegistration<detail::MetatomicClasses>(library).register_all();
    define(library, OPERATORS);
}

// The names of these classes and operators in models from before metatomic
TORCH_LIBRARY_FRAGMENT(metatensor, library) {
    ClassRegistration<detail::LegacyClasses>(library).register_all();
    define(library, legacy_operators());
}

TORCH_LIBRARY_FRAGMENT(metatomic, library) { define(library, bridge_operators()); }

} // namespace metatomic_torch
