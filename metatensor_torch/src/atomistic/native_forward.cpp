// SPDX-License-Identifier: BSD-3-Clause
#include "native_forward.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "metatomic/torch.hpp"
#include "quantity_table.hpp"
#include "script_names.hpp"

namespace metatomic_torch::detail {

namespace {

constexpr auto CLASSES = "__torch__.torch.classes.metatomic.";

/// Attributes that are taken over, and their types
const std::vector<std::pair<std::string, std::string>> ATTRIBUTES = {
    {"_capabilities", std::string(CLASSES) + "ModelCapabilities"},
    {"_metadata", std::string(CLASSES) + "ModelMetadata"},
    {"_requested_neighbor_lists", "List[" + std::string(CLASSES) + "NeighborListOptions]"},
    {"_requested_inputs", "Dict[str, " + std::string(CLASSES) + "ModelOutput]"},
    {"_model_capabilities_outputs_names", "List[str]"},
};

/// As in AtomisticModel of the Python package; `_native_output_names` is empty for almost all models.
constexpr auto NATIVE_METHODS = R"(
def capabilities(self) -> ModelCapabilities:
    return self._capabilities

def metadata(self) -> ModelMetadata:
    return self._metadata

def requested_neighbor_lists(self) -> List[NeighborListOptions]:
    return self._requested_neighbor_lists

def requested_inputs(self, use_new_names: bool = False) -> Dict[str, ModelOutput]:
    return self._requested_inputs if use_new_names else self._deprecated_inputs

def forward(
    self, systems: List[System], options: ModelEvaluationOptions, check_consistency: bool
) -> Dict[str, TensorMap]:
    requested = options.outputs
    if len(self._native_output_names) != 0:
        renamed: Dict[str, ModelOutput] = {}
        for name, output in requested.items():
            renamed[self._native_output_names.get(name, name)] = output
        requested = renamed
    if check_consistency:
        metatomic._check_inputs(
            systems, self._capabilities, self._requested_neighbor_lists, self._requested_inputs,
            ModelEvaluationOptions(options.length_unit, requested, options.selected_atoms)
        )
    metatomic._check_atomic_types(systems, self._capabilities.atomic_types)
    systems = metatomic._convert_systems_units(
        systems, self._requested_inputs, self._capabilities.length_unit, options.length_unit
    )
    span = profiler._record_function_enter_new("Model::forward", None)
    outputs = self.module.forward(systems, requested, options.selected_atoms)
    profiler._record_function_exit(span)
    if check_consistency:
        metatomic._check_quantities(
            systems, requested, options.selected_atoms, outputs, self._capabilities.dtype, "outputs"
        )
    outputs = metatomic._convert_outputs_units(outputs, self._native_declared_outputs, requested)
    if len(self._native_output_names) == 0:
        return outputs
    results: Dict[str, TensorMap] = {}
    for name in options.outputs.keys():
        model_name = self._native_output_names.get(name, name)
        if model_name in outputs:
            results[name] = outputs[model_name]
    return results
)";

bool has_all_parts(const torch::jit::Module& model) {
    const auto inputs = model.find_method("requested_inputs");
    if (!inputs.has_value() || inputs->num_inputs() != 2)
        return false; // the module itself, and `use_new_names`
    if (!model.hasattr("module") || !model.attr("module").isModule()) return false;
    return std::all_of(ATTRIBUTES.begin(), ATTRIBUTES.end(), [&](const auto& attribute) {
        return model.hasattr(attribute.first) &&
               model.attr(attribute.first).type()->annotation_str() == attribute.second;
    });
}

/// What the model calls outputs that engines may know under another name, the old or the current one.
c10::Dict<std::string, std::string> names_in_model(const std::vector<std::string>& model_names) {
    c10::Dict<std::string, std::string> names;
    for (const auto& model_name : model_names) {
        const auto current =
            details::validate_quantity_name(model_name, "model output", DeprecatedNames::accept).current;
        for (const auto& name : {current, deprecated_name_of(current)}) {
            const auto is_known =
                std::find(model_names.begin(), model_names.end(), name) != model_names.end();
            if (!name.empty() && !is_known) names.insert(name, model_name);
        }
    }
    return names;
}

/// The outputs of the capabilities, which can be looked up under the model's names, too.
c10::Dict<std::string, ModelOutput> declared_outputs(const ModelCapabilities& capabilities,
                                                     const c10::Dict<std::string, std::string>& names) {
    auto outputs = capabilities->outputs().copy();
    for (const auto& entry : names) {
        if (!outputs.contains(entry.value()) && outputs.contains(entry.key()))
            outputs.insert(entry.value(), outputs.at(entry.key()));
    }
    return outputs;
}

} // namespace

torch::jit::Module with_native_forward(const torch::jit::Module& model) {
    if (!has_all_parts(model)) return model;
    const auto model_names = model.attr("_model_capabilities_outputs_names").to<std::vector<std::string>>();
    const auto names = names_in_model(model_names);
    const auto capabilities = model.attr("_capabilities").toCustomClass<ModelCapabilitiesHolder>();
    const c10::IValue deprecated_inputs = model.get_method("requested_inputs")({false});

    torch::jit::Module native("__torch__.metatomic.torch.native.AtomisticModel");
    const auto set = [&](const std::string& name, const c10::IValue& value) {
        native.register_attribute(name, value.type(), value);
    };
    for (const auto& [name, type] : ATTRIBUTES)
        set(name, model.attr(name));
    set("_deprecated_inputs", deprecated_inputs);
    set("_native_output_names", names);
    set("_native_declared_outputs", declared_outputs(capabilities, names));
    native.register_module("module", model.attr("module").toModule());
    native.define(NATIVE_METHODS, std::make_shared<ScriptNames>());
    native.train(false);
    return native;
}

} // namespace metatomic_torch::detail
