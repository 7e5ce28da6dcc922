// SPDX-License-Identifier: BSD-3-Clause
#include "data/block_data.hpp"
#include "metatomic/torch/evaluation.hpp"
#include "metatomic/torch/units.hpp"

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

/// Data of a system in other units.
struct ConvertedData {
    std::string name;
    TensorMap tensor;
};

std::vector<ConvertedData> converted_data(const SystemHolder& system,
                                          const c10::Dict<std::string, ModelOutput>& requested) {
    std::vector<ConvertedData> converted;
    if (requested.empty()) return converted;
    for (const auto& name : system.known_data()) {
        const auto found = requested.find(name);
        if (found == requested.end()) continue;
        const auto tensor = system.get_data(name);
        const auto& unit = found->value()->unit();
        const auto factor = unit_conversion_factor(tensor->get_info("unit").value_or(""), unit);
        if (factor == 1.0) continue;
        converted.push_back({name, scaled(tensor, factor)});
        converted.back().tensor->set_info("unit", unit);
    }
    return converted;
}

} // namespace

std::vector<System> convert_systems_units(const std::vector<System>& systems,
                                          const c10::Dict<std::string, ModelOutput>& requested_inputs,
                                          const std::string& model_length_unit,
                                          const std::string& system_length_unit) {
    const auto factor = unit_conversion_factor(system_length_unit, model_length_unit);
    std::vector<System> converted;
    converted.reserve(systems.size());
    for (const auto& system : systems) {
        auto data = converted_data(*system, requested_inputs);
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
