// SPDX-License-Identifier: BSD-3-Clause
#include "legacy.hpp"

#include "check.hpp"
#include "script_names.hpp"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations" // quantity, which legacy models compare

namespace metatomic_torch::detail {

using metatensor_torch::TensorMap;

namespace {

/// Today's name of an output that a legacy model may know by another one.
std::string current_name(const std::string& name) {
    return details::validate_quantity_name(name, "model output", DeprecatedNames::accept).current;
}

/// The name that the model itself gave to the output that is asked for as `name`.
std::string name_in_model(const std::string& name, const c10::Dict<std::string, ModelOutput>& declared) {
    if (declared.contains(name)) return name;
    std::vector<std::string> names;
    for (const auto& entry : declared) {
        if (current_name(entry.key()) == current_name(name)) return entry.key();
        names.push_back(entry.key());
    }
    C10_THROW_ERROR(ValueError, "the model has no output '" + name + "', it has [" +
                                    metatensor_torch::comma_list(names) + "]");
}

} // namespace

std::vector<LegacySystem> legacy_systems(const std::vector<System>& systems) {
    std::vector<LegacySystem> shells;
    shells.reserve(systems.size());
    for (const auto& system : systems)
        shells.push_back(LegacyClasses::from_current(system));
    return shells;
}

c10::Dict<std::string, LegacyOutput> legacy_outputs(const c10::Dict<std::string, ModelOutput>& outputs) {
    return LegacyClasses::from_current(outputs);
}

LegacyOptions legacy_options(const ModelEvaluationOptions& options, const LegacyCapabilities& capabilities) {
    const auto declared = capabilities->current()->outputs();
    c10::Dict<std::string, ModelOutput> outputs;
    for (const auto& entry : options->outputs) {
        const auto name = name_in_model(entry.key(), declared);
        auto output = torch::make_intrusive<ModelOutputHolder>(*entry.value());
        const ModelOutput own = declared.at(name);
        output->set_quantity("");
        output->set_unit(own->unit());
        output->set_quantity(own->quantity());
        outputs.insert(name, std::move(output));
    }
    return LegacyClasses::from_current(torch::make_intrusive<ModelEvaluationOptionsHolder>(
        capabilities->current()->length_unit(), std::move(outputs), options->get_selected_atoms()));
}

c10::Dict<std::string, TensorMap> current_results(const c10::Dict<std::string, TensorMap>& results,
                                                  const ModelEvaluationOptions& options,
                                                  const LegacyCapabilities& capabilities) {
    const auto declared = capabilities->current()->outputs();
    c10::Dict<std::string, TensorMap> renamed;
    c10::Dict<std::string, ModelOutput> declared_renamed;
    for (const auto& entry : options->outputs) {
        const auto name = name_in_model(entry.key(), declared);
        if (!results.contains(name)) continue; // the model was free to leave it out
        renamed.insert(entry.key(), results.at(name));
        declared_renamed.insert(entry.key(), declared.at(name));
    }
    return convert_outputs_units(renamed, declared_renamed, options->outputs);
}

ModelCapabilities current_capabilities(const LegacyCapabilities& capabilities) {
    const auto& legacy = *capabilities->current();
    auto json_round_trip =
        ModelCapabilitiesHolder::from_json(legacy.to_json()); // without the warnings of set_outputs
    auto outputs = json_round_trip->outputs();
    for (const auto& entry : legacy.outputs()) {
        const auto name = current_name(entry.key());
        if (!outputs.contains(name)) outputs.insert(name, entry.value());
    }
    return json_round_trip;
}

ModelMetadata current_metadata(const LegacyMetadata& metadata) { return metadata->current(); }

std::vector<NeighborListOptions>
current_neighbor_lists(const std::vector<LegacyNeighborListOptions>& requests) {
    std::vector<NeighborListOptions> current;
    current.reserve(requests.size());
    for (const auto& request : requests)
        current.push_back(request->current());
    return current;
}

bool is_legacy_model(const torch::jit::Module& model) {
    const auto method = model.find_method("capabilities");
    if (!method.has_value()) return false;
    const auto& returns = method->function().getSchema().returns();
    return returns.size() == 1 &&
           returns[0].type()->annotation_str() == "__torch__.torch.classes.metatensor.ModelCapabilities";
}

namespace {

constexpr auto METHODS_OF_TODAY = R"(
def capabilities(self) -> ModelCapabilities:
    return metatomic._current_capabilities(self.model.capabilities())

def metadata(self) -> ModelMetadata:
    return metatomic._current_metadata(self.model.metadata())

def requested_neighbor_lists(self) -> List[NeighborListOptions]:
    return metatomic._current_neighbor_lists(self.model.requested_neighbor_lists())

def requested_inputs(self, use_new_names: bool = False) -> Dict[str, ModelOutput]:
    nothing: Dict[str, ModelOutput] = {}
    return nothing

def forward(
    self, systems: List[System], options: ModelEvaluationOptions, check_consistency: bool
) -> Dict[str, TensorMap]:
    nothing: Dict[str, ModelOutput] = {}
    capabilities = self.model.capabilities()
    systems = metatomic._convert_systems_units(systems, nothing, capabilities.length_unit, options.length_unit)
    results = self.model.forward(
        metatomic._legacy_systems(systems), metatomic._legacy_options(options, capabilities), check_consistency
    )
    return metatomic._current_results(results, options, capabilities)
)";

} // namespace

torch::jit::Module as_current_model(const torch::jit::Module& model) {
    torch::jit::Module current("__torch__.metatomic.torch.legacy.AtomisticModel");
    current.register_module("model", model);
    current.define(METHODS_OF_TODAY, std::make_shared<ScriptNames>());
    current.train(false);
    return current;
}

} // namespace metatomic_torch::detail
