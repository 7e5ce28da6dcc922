// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include <torch/script.h>

#include "generations.hpp"
#include "metatomic/torch.hpp"

// Runs models of the generation before metatomic, whose classes have the legacy names, with objects of today.
namespace metatomic_torch::detail {

using LegacyNeighborListOptions = torch::intrusive_ptr<Legacy<NeighborListOptionsHolder>>;
using LegacySystem = torch::intrusive_ptr<Legacy<SystemHolder>>;
using LegacyMetadata = torch::intrusive_ptr<Legacy<ModelMetadataHolder>>;
using LegacyOutput = torch::intrusive_ptr<Legacy<ModelOutputHolder>>;
using LegacyCapabilities = torch::intrusive_ptr<Legacy<ModelCapabilitiesHolder>>;
using LegacyOptions = torch::intrusive_ptr<Legacy<ModelEvaluationOptionsHolder>>;

/// The same systems under the legacy name.
std::vector<LegacySystem> legacy_systems(const std::vector<System>& systems);

/// The same outputs under the legacy name.
c10::Dict<std::string, LegacyOutput> legacy_outputs(const c10::Dict<std::string, ModelOutput>& outputs);

/// What to ask of a legacy model so that no unit is converted: lengths and outputs in its own units, outputs
/// under the names that it gave them.
///
/// @throws ValueError for an output that is not among the capabilities
LegacyOptions legacy_options(const ModelEvaluationOptions& options, const LegacyCapabilities& capabilities);

/// Results of a legacy model under the names and in the units that `options` ask for.
c10::Dict<std::string, metatensor_torch::TensorMap>
current_results(const c10::Dict<std::string, metatensor_torch::TensorMap>& results,
                const ModelEvaluationOptions& options, const LegacyCapabilities& capabilities);

/// What the legacy model can do, where outputs can be looked up under their current names, too.
ModelCapabilities current_capabilities(const LegacyCapabilities& capabilities);

/// The same metadata under the current name.
ModelMetadata current_metadata(const LegacyMetadata& metadata);

/// The same requests under the current name.
std::vector<NeighborListOptions>
current_neighbor_lists(const std::vector<LegacyNeighborListOptions>& requests);

/// Is this a model of the generation before metatomic?
bool is_legacy_model(const torch::jit::Module& model);

/// A module with the interface of today that runs `model`, which is a legacy one.
torch::jit::Module as_current_model(const torch::jit::Module& model);

} // namespace metatomic_torch::detail
