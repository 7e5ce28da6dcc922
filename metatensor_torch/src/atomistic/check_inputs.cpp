// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/record_function.h>

#include <algorithm>
#include <array>

#include "check.hpp"
#include "expected_samples.hpp"
#include "metatomic/torch/evaluation.hpp"
#include "metatomic/torch/quantities.hpp"
#include "requested_data.hpp"
#include "requested_outputs.hpp"

namespace metatomic_torch {

using metatensor_torch::dtype_text;
using metatensor_torch::TensorMap;

namespace {

/// Checks that all systems have the device and dtype of the first, the dtype of the model, and valid cells.
void check_systems(const std::vector<System>& systems, const std::string& model_dtype) {
    if (systems.empty()) return;
    const auto device = systems.front()->device();
    const auto dtype = systems.front()->scalar_type();
    for (const auto& system : systems) {
        TORCH_CHECK_VALUE(system->device() == device, "all systems must be on the same device, got ", device,
                          " and ", system->device());
        TORCH_CHECK_VALUE(system->scalar_type() == dtype, "all systems must have the same dtype, got ",
                          dtype_text(dtype), " and ", dtype_text(system->scalar_type()));
        system->check_cell();
    }
    const auto expected = model_dtype == "float32" ? torch::kFloat32 : torch::kFloat64;
    TORCH_CHECK_VALUE(dtype == expected, "wrong dtype of the systems: the model works in ",
                      dtype_text(expected), ", got ", dtype_text(dtype));
}

void check_neighbor_lists(const SystemHolder& system, const std::vector<NeighborListOptions>& requested) {
    const auto& known = system.neighbor_lists();
    for (const auto& options : requested) {
        const auto is_there = std::any_of(known.begin(), known.end(),
                                          [&](const auto& entry) { return entry.first == *options; });
        TORCH_CHECK_VALUE(is_there, "the model requests the neighbor list ", options->str(),
                          ", which is missing in the system");
    }
}

/// Checks the data of one system, whose samples call it system 0.
void check_data(const System& system, const c10::Dict<std::string, ModelOutput>& requested,
                const std::string& model_dtype) {
    if (requested.empty()) return;
    c10::Dict<std::string, TensorMap> data;
    for (const auto& entry : requested) {
        if (const auto found = detail::find_data(*system, entry.key())) data.insert(entry.key(), *found);
    }
    check_quantities({system}, requested, std::nullopt, data, model_dtype, "inputs");
}

/// How fine a sample kind is: a model can add the samples of a finer one up.
size_t fineness(const std::string& sample_kind) {
    static constexpr std::array KINDS = {"system", "atom", "atom_pair"};
    return static_cast<size_t>(std::find(KINDS.begin(), KINDS.end(), sample_kind) - KINDS.begin());
}

} // namespace

void detail::check_requested_output(const std::string& name, const ModelOutputData& requested,
                                    const c10::Dict<std::string, ModelOutput>& declared) {
    const auto found = declared.find(name);
    if (found == declared.end()) {
        std::vector<std::string> names;
        for (const auto& entry : declared)
            names.push_back("'" + entry.key() + "'");
        C10_THROW_ERROR(ValueError, "this model can not compute '" + name + "', its outputs are [" +
                                        metatensor_torch::comma_list(names) + "]");
    }
    const auto& output = *found->value();
    TORCH_CHECK_VALUE(fineness(requested.sample_kind()) <= fineness(output.sample_kind()),
                      "this model can not compute '", name, "' with the sample_kind '",
                      requested.sample_kind(), "', only with '", output.sample_kind(), "'");
    for (const auto& parameter : requested.explicit_gradients) {
        const auto& gradients = output.explicit_gradients;
        TORCH_CHECK_VALUE(std::find(gradients.begin(), gradients.end(), parameter) != gradients.end(),
                          "this model can not compute explicit gradients of '", name, "' with respect to '",
                          parameter, "'");
    }
}

void check_inputs(const std::vector<System>& systems, const ModelCapabilities& capabilities,
                  const std::vector<NeighborListOptions>& requested_neighbor_lists,
                  const c10::Dict<std::string, ModelOutput>& requested_inputs,
                  const ModelEvaluationOptions& options) {
    RECORD_FUNCTION("AtomisticModel::check_inputs", {});
    TORCH_CHECK_VALUE(!capabilities->dtype().empty(), "the capabilities of the model do not say its dtype");
    check_systems(systems, capabilities->dtype());
    for (const auto& system : systems) {
        check_neighbor_lists(*system, requested_neighbor_lists);
        check_data(system, requested_inputs, capabilities->dtype());
    }
    for (const auto& entry : options->outputs) {
        detail::check_requested_output(entry.key(), *entry.value(), capabilities->outputs());
    }
    if (const auto selected_atoms = options->get_selected_atoms()) {
        TORCH_CHECK_VALUE(systems.empty() || (*selected_atoms)->device() == systems.front()->device(),
                          "selected_atoms must be on the device of the systems, got ",
                          (*selected_atoms)->device(), " and ", systems.front()->device());
        detail::ExpectedSamples(systems, std::nullopt).check_selection(*selected_atoms);
    }
}

} // namespace metatomic_torch
