// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/record_function.h>

#include "data/block_data.hpp"
#include "metatomic/torch/evaluation.hpp"
#include "metatomic/torch/units.hpp"
#include "quantity_table.hpp"
#include "requested_data.hpp"

#include <algorithm>

namespace metatomic_torch {

using metatensor_torch::TensorMap;
using metatensor_torch::TensorMapHolder;
using metatensor_torch::details::BlockData;

namespace {

std::shared_ptr<BlockData> scaled(const BlockData& block, double factor) {
    auto result = std::make_shared<BlockData>(block);
    result->values = block.values * factor;
    for (auto& [parameter, gradient] : result->gradients)
        gradient = scaled(*gradient, factor);
    return result;
}

std::vector<std::pair<std::string, std::string>> info_of(const TensorMapHolder& tensor) {
    std::vector<std::pair<std::string, std::string>> info;
    for (const auto& entry : tensor.info())
        info.emplace_back(entry.key(), entry.value());
    return info;
}

/// A new map with all values and gradients multiplied by `factor`, and the same info.
TensorMap scaled(const TensorMap& tensor, double factor) {
    std::vector<std::shared_ptr<BlockData>> blocks;
    blocks.reserve(tensor->data().size());
    for (const auto& block : tensor->data())
        blocks.push_back(scaled(*block, factor));
    return torch::make_intrusive<TensorMapHolder>(tensor->keys(), std::move(blocks), info_of(*tensor));
}

/// The same map with values in `unit`; without a copy of values that are in it already.
TensorMap in_unit(const TensorMap& tensor, const std::string& unit) {
    const auto present = tensor->get_info("unit").value_or("");
    const auto factor = unit_conversion_factor(present, unit);
    if (factor == 1.0 && (present == unit || unit.empty())) return tensor;
    auto converted = factor == 1.0 ? torch::make_intrusive<TensorMapHolder>(tensor->keys(), tensor->data(),
                                                                            info_of(*tensor))
                                   : scaled(tensor, factor);
    converted->set_info("unit", unit);
    return converted;
}

/// Data that a model finds in a system under this name.
struct NamedData {
    std::string name;
    TensorMap tensor;
};

/// What is to be put into a system, so that it has the requested data in the units of the model, under their
/// current and under their deprecated names.
std::vector<NamedData> missing_data(const SystemData& system,
                                    const c10::Dict<std::string, ModelOutput>& requested) {
    std::vector<NamedData> missing;
    if (requested.empty()) return missing;
    const auto known = system.known_data();
    for (const auto& entry : requested) {
        const auto found = detail::find_data(system, entry.key());
        if (!found.has_value()) continue; // check_inputs says so
        const auto tensor = in_unit(*found, entry.value()->unit());
        for (const auto& name : {entry.key(), detail::deprecated_name_of(entry.key())}) {
            if (name.empty()) continue;
            const auto is_there = std::find(known.begin(), known.end(), name) != known.end();
            if (!is_there || system.get_data(name) != tensor) missing.push_back({name, tensor});
        }
    }
    return missing;
}

} // namespace

std::optional<TensorMap> detail::find_data(const SystemData& system, const std::string& name) {
    const auto known = system.known_data();
    for (const auto& candidate : {name, deprecated_name_of(name)}) {
        if (candidate.empty()) continue;
        if (std::find(known.begin(), known.end(), candidate) != known.end())
            return system.get_data(candidate);
    }
    return std::nullopt;
}

std::vector<System> convert_systems_units(const std::vector<System>& systems,
                                          const c10::Dict<std::string, ModelOutput>& requested_inputs,
                                          const std::string& model_length_unit,
                                          const std::string& system_length_unit) {
    RECORD_FUNCTION("AtomisticModel::convert_units_input", {});
    const auto factor = unit_conversion_factor(system_length_unit, model_length_unit);
    std::vector<System> converted;
    converted.reserve(systems.size());
    for (const auto& system : systems) {
        auto data = missing_data(*system, requested_inputs);
        if (factor == 1.0 && data.empty()) {
            converted.push_back(system);
            continue;
        }
        auto result = factor == 1.0
                          ? torch::make_intrusive<SystemHolder>(static_cast<const SystemData&>(*system))
                          : torch::make_intrusive<SystemHolder>(system->with_lengths_scaled(factor));
        for (auto& [name, tensor] : data) {
            result->add_data(std::move(name), std::move(tensor), /*override=*/true, DeprecatedNames::accept);
        }
        converted.push_back(std::move(result));
    }
    return converted;
}

c10::Dict<std::string, TensorMap>
convert_outputs_units(const c10::Dict<std::string, TensorMap>& outputs,
                      const c10::Dict<std::string, ModelOutput>& declared,
                      const c10::Dict<std::string, ModelOutput>& requested) {
    RECORD_FUNCTION("AtomisticModel::convert_units_output", {});
    c10::Dict<std::string, TensorMap> converted;
    for (const auto& entry : outputs) {
        const auto& name = entry.key();
        const auto declaration = declared.find(name);
        TORCH_CHECK_VALUE(declaration != declared.end(), "the model produced the output '", name,
                          "', which is not among its capabilities");
        const auto request = requested.find(name);
        const auto factor = request == requested.end() ? 1.0
                                                       : unit_conversion_factor(declaration->value()->unit(),
                                                                                request->value()->unit());
        converted.insert(name, factor == 1.0 ? entry.value() : scaled(entry.value(), factor));
    }
    return converted;
}

} // namespace metatomic_torch
