// SPDX-License-Identifier: BSD-3-Clause
#include <map>

#include "metatomic/torch/model.hpp"
#include "metatomic/torch/quantities.hpp"
#include "metatomic/torch/units.hpp"
#include "model_json.hpp"
#include "quantity_table.hpp"

namespace metatomic_torch {

using detail::Json;

namespace {

/// The member "outputs".
torch::Dict<std::string, ModelOutput> outputs_of(const Json& json) {
    torch::Dict<std::string, ModelOutput> outputs;
    for (const auto& [name, output] : detail::object_at(json, "outputs").items()) {
        outputs.insert(name, torch::make_intrusive<ModelOutputHolder>(detail::model_output_of(output)));
    }
    return outputs;
}

Json json_of(const torch::Dict<std::string, ModelOutput>& outputs) {
    return detail::object_of(outputs, [](const ModelOutput& output) { return detail::json_of(*output); });
}

/// Warns about outputs that have no unit, but should have one.
void warn_without_unit(const torch::Dict<std::string, ModelOutput>& outputs) {
    for (const auto& entry : outputs) {
        const auto parts =
            details::validate_quantity_name(entry.key(), "model output", DeprecatedNames::accept);
        if (!parts.is_standard || !entry.value()->unit().empty()) continue;
        const auto* quantity = detail::find_quantity(parts.base);
        if (quantity->dimension == "none") continue;
        TORCH_WARN("the output '", entry.key(),
                   "' has no unit, so engines can not convert it: it should be a unit of ",
                   quantity->dimension);
    }
}

/// Warns about variants of a quantity that can not be told apart.
void warn_without_description(const torch::Dict<std::string, ModelOutput>& outputs) {
    std::map<std::string, int> variants;
    for (const auto& entry : outputs)
        ++variants[entry.key().substr(0, entry.key().find('/'))];
    for (const auto& entry : outputs) {
        const auto quantity = entry.key().substr(0, entry.key().find('/'));
        if (variants[quantity] < 2 || !entry.value()->description.empty()) continue;
        TORCH_WARN("there are ", variants[quantity], " variants of the output '", quantity, "', but '",
                   entry.key(), "' has no description: users can not tell them apart");
    }
}

} // namespace

ModelCapabilitiesData::ModelCapabilitiesData(std::vector<int64_t> atomic_types, double interaction_range,
                                             std::string length_unit,
                                             std::vector<std::string> supported_devices, std::string dtype)
    : atomic_types(std::move(atomic_types)),
      interaction_range(interaction_range),
      supported_devices(std::move(supported_devices)) {
    set_length_unit(std::move(length_unit));
    if (!dtype.empty()) set_dtype(std::move(dtype));
}

void ModelCapabilitiesData::set_length_unit(std::string unit) {
    details::validate_unit("length", unit);
    length_unit_ = std::move(unit);
}

double ModelCapabilitiesData::engine_interaction_range(const std::string& engine_length_unit) const {
    return interaction_range * unit_conversion_factor(length_unit_, engine_length_unit);
}

void ModelCapabilitiesData::set_dtype(std::string dtype) {
    TORCH_CHECK_VALUE(dtype == "float32" || dtype == "float64",
                      "the dtype of a model must be 'float32' or 'float64', got '", dtype, "'");
    dtype_ = std::move(dtype);
}

ModelCapabilitiesHolder::ModelCapabilitiesHolder(torch::Dict<std::string, ModelOutput> outputs,
                                                 std::vector<int64_t> atomic_types, double interaction_range,
                                                 std::string length_unit,
                                                 std::vector<std::string> supported_devices,
                                                 std::string dtype)
    : ModelCapabilitiesData(std::move(atomic_types), interaction_range, std::move(length_unit),
                            std::move(supported_devices), std::move(dtype)) {
    set_outputs(std::move(outputs));
}

void ModelCapabilitiesHolder::set_outputs(torch::Dict<std::string, ModelOutput> outputs) {
    for (const auto& entry : outputs) {
        details::validate_quantity_name(entry.key(), "model output", DeprecatedNames::warn);
        detail::check_unit_of_named(entry.key(), entry.value()->unit());
    }
    warn_without_unit(outputs);
    warn_without_description(outputs);
    outputs_ = std::move(outputs);
}

std::string ModelCapabilitiesHolder::to_json() const {
    return detail::write_json({
        {"class", "ModelCapabilities"},
        {"outputs", json_of(outputs_)},
        {"atomic_types", atomic_types},
        {"interaction_range", detail::bits_of(interaction_range)},
        {"length_unit", length_unit()},
        {"supported_devices", supported_devices},
        {"dtype", dtype()},
    });
}

ModelCapabilities ModelCapabilitiesHolder::from_json(std::string_view text) {
    return detail::read_json(text, "ModelCapabilities", [](const Json& json) {
        using detail::value_or;
        auto capabilities = torch::make_intrusive<ModelCapabilitiesHolder>();
        // not through set_outputs: whoever loads a model can do nothing about its names and descriptions
        for (const auto& entry : outputs_of(json)) {
            details::validate_quantity_name(entry.key(), "model output", DeprecatedNames::accept);
            detail::check_unit_of_named(entry.key(), entry.value()->unit());
            capabilities->outputs_.insert(entry.key(), entry.value());
        }
        capabilities->atomic_types = value_or(json, "atomic_types", std::vector<int64_t>());
        if (json.contains("interaction_range")) {
            capabilities->interaction_range = detail::double_of(json.at("interaction_range"));
        }
        capabilities->set_length_unit(value_or(json, "length_unit", std::string()));
        capabilities->supported_devices = value_or(json, "supported_devices", std::vector<std::string>());
        if (const auto dtype = value_or(json, "dtype", std::string()); !dtype.empty()) {
            capabilities->set_dtype(dtype);
        }
        return capabilities;
    });
}

ModelEvaluationOptionsData::ModelEvaluationOptionsData(
    std::string length_unit, std::optional<metatensor_torch::Labels> selected_atoms) {
    set_length_unit(std::move(length_unit));
    set_selected_atoms(std::move(selected_atoms));
}

void ModelEvaluationOptionsData::set_length_unit(std::string unit) {
    details::validate_unit("length", unit);
    length_unit_ = std::move(unit);
}

void ModelEvaluationOptionsData::set_selected_atoms(std::optional<metatensor_torch::Labels> selected_atoms) {
    if (selected_atoms.has_value()) {
        const std::vector<std::string> expected = {"system", "atom"};
        TORCH_CHECK_VALUE((*selected_atoms)->names() == expected,
                          "invalid `selected_atoms`: their names must be ['", c10::Join("', '", expected),
                          "'], got ['", c10::Join("', '", (*selected_atoms)->names()), "']");
    }
    selected_atoms_ = std::move(selected_atoms);
}

ModelEvaluationOptionsHolder::ModelEvaluationOptionsHolder(
    std::string length_unit, torch::Dict<std::string, ModelOutput> outputs,
    std::optional<metatensor_torch::Labels> selected_atoms)
    : ModelEvaluationOptionsData(std::move(length_unit), std::move(selected_atoms)),
      outputs(std::move(outputs)) {}

std::string ModelEvaluationOptionsHolder::to_json() const {
    Json selected; // null
    if (const auto labels = get_selected_atoms()) {
        const auto values = (*labels)->values().to(torch::kCPU).contiguous();
        const auto* first = values.const_data_ptr<int32_t>();
        selected = {{"names", (*labels)->names()},
                    {"values", std::vector<int32_t>(first, first + values.numel())}};
    }
    return detail::write_json({
        {"class", "ModelEvaluationOptions"},
        {"length_unit", length_unit()},
        {"outputs", json_of(outputs)},
        {"selected_atoms", selected},
    });
}

ModelEvaluationOptions ModelEvaluationOptionsHolder::from_json(std::string_view text) {
    return detail::read_json(text, "ModelEvaluationOptions", [](const Json& json) {
        std::optional<metatensor_torch::Labels> selected_atoms;
        if (const auto selected = detail::value_or(json, "selected_atoms", Json()); !selected.is_null()) {
            const auto names = selected.at("names").get<std::vector<std::string>>();
            const auto values = selected.at("values").get<std::vector<int32_t>>();
            const auto n_names = static_cast<int64_t>(names.size());
            TORCH_CHECK_VALUE(n_names > 0 && values.size() % names.size() == 0,
                              "invalid JSON for ModelEvaluationOptions: selected_atoms have ", values.size(),
                              " values for ", n_names, " names");
            selected_atoms = torch::make_intrusive<metatensor_torch::LabelsHolder>(
                names, torch::tensor(values, torch::kInt32).reshape({-1, n_names}));
        }
        return torch::make_intrusive<ModelEvaluationOptionsHolder>(
            detail::value_or(json, "length_unit", std::string()), outputs_of(json),
            std::move(selected_atoms));
    });
}

} // namespace metatomic_torch
