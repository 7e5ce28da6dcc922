// SPDX-License-Identifier: BSD-3-Clause
// Operators that models from before metatomic know under the name `metatensor`
#include "register/metatomic_legacy.hpp"

#include "atomistic/old_calls.hpp"
#include "metatomic/torch.hpp"

namespace metatomic_torch {
namespace {

using detail::LegacyClasses;
using metatensor_torch::op;

detail::LegacyMetadata read_legacy_metadata(const std::string& path) {
    return LegacyClasses::from_current(read_model_metadata(path));
}

void register_neighbors(const detail::LegacySystem& system, const metatensor_torch::TensorBlock& neighbors,
                        bool check_consistency) {
    register_autograd_neighbors(system->current(), neighbors, check_consistency);
}

double convert(const std::string& /*quantity*/, const std::string& from_unit, const std::string& to_unit) {
    return unit_conversion_factor(from_unit, to_unit);
}

constexpr metatensor_torch::OperatorRow LEGACY_OPERATORS[] = {
    op<&check_atomistic_model>("check_atomistic_model(str path) -> ()"),
    op<&load_model_extensions>("load_model_extensions(str path, str? extensions_directory) -> ()"),
    op<&read_legacy_metadata>("read_model_metadata(str path) -> LegacyModelMetadata"),
    op<&register_neighbors>("register_autograd_neighbors(LegacySystem system, TensorBlock neighbors, "
                            "bool check_consistency=False) -> ()"),
    op<&convert>("unit_conversion_factor(str quantity, str from_unit, str to_unit) -> float"),
};

constexpr metatensor_torch::OperatorRow BRIDGE_OPERATORS[] = {
    op<&detail::with_current_calls>("_with_current_calls(str path) -> Tensor"),
    op<&detail::legacy_systems>("_legacy_systems(System[] systems) -> LegacySystem[]"),
    op<&detail::legacy_outputs>(
        "_legacy_outputs(Dict(str, ModelOutput) outputs) -> Dict(str, LegacyModelOutput)"),
    op<&detail::legacy_options>("_legacy_options(ModelEvaluationOptions options, "
                                "LegacyModelCapabilities capabilities) -> LegacyModelEvaluationOptions"),
    op<&detail::current_results>(
        "_current_results(Dict(str, TensorMap) results, ModelEvaluationOptions options, "
        "LegacyModelCapabilities capabilities) -> Dict(str, TensorMap)"),
    op<&detail::current_capabilities>(
        "_current_capabilities(LegacyModelCapabilities capabilities) -> ModelCapabilities"),
    op<&detail::current_metadata>("_current_metadata(LegacyModelMetadata metadata) -> ModelMetadata"),
    op<&detail::current_neighbor_lists>(
        "_current_neighbor_lists(LegacyNeighborListOptions[] requests) -> NeighborListOptions[]"),
};

} // namespace

std::span<const metatensor_torch::OperatorRow> legacy_operators() { return LEGACY_OPERATORS; }
std::span<const metatensor_torch::OperatorRow> bridge_operators() { return BRIDGE_OPERATORS; }

} // namespace metatomic_torch
