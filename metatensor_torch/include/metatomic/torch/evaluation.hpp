// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include <torch/script.h>

#include <metatensor/torch.hpp>

#include "metatomic/torch/exports.h"
#include "metatomic/torch/model.hpp"
#include "metatomic/torch/system.hpp"

// What stands around the forward of a model. The operators of the same names are what the exported
// AtomisticModel calls:
//
//   metatomic::_check_atomic_types(System[] systems, int[] supported) -> ()
//   metatomic::_check_inputs(System[] systems, ModelCapabilities capabilities,
//       NeighborListOptions[] requested_neighbor_lists, Dict(str, ModelOutput) requested_inputs,
//       ModelEvaluationOptions options) -> ()
//   metatomic::_convert_systems_units(System[] systems, Dict(str, ModelOutput) requested_inputs,
//       str model_length_unit, str system_length_unit) -> System[]
//   metatomic::_convert_outputs_units(Dict(str, TensorMap) outputs, Dict(str, ModelOutput) declared,
//       Dict(str, ModelOutput) requested) -> Dict(str, TensorMap)

namespace metatomic_torch {

/// Checks that the model knows all types of atoms, which are `supported`, in the `systems`; types that were
/// checked before (same storage, not changed through torch since, same set) are not looked at again.
///
/// @throws ValueError with the first type that is not supported
METATOMIC_TORCH_EXPORT void check_atomic_types(const std::vector<System>& systems,
                                               const std::vector<int64_t>& supported);

/// Checks what a model is called with: device and dtype of the systems, their cells, neighbor lists and data
/// that the model asks for, outputs against what the model offers, `selected_atoms`.
///
/// @param systems what the model is evaluated on, in the unit of length of the `options`
/// @param capabilities what the model can do
/// @param requested_neighbor_lists the neighbor lists that each system must have
/// @param requested_inputs the data that each system must have, by name
/// @param options what is asked of the model
/// @throws ValueError with what is wrong
METATOMIC_TORCH_EXPORT void check_inputs(const std::vector<System>& systems,
                                         const ModelCapabilities& capabilities,
                                         const std::vector<NeighborListOptions>& requested_neighbor_lists,
                                         const c10::Dict<std::string, ModelOutput>& requested_inputs,
                                         const ModelEvaluationOptions& options);

/// The systems in the units of the model: positions, cell and all neighbor lists in `model_length_unit`,
/// requested data in the unit of `requested_inputs`. The entry "unit" of the info of such data says what they
/// come in; without it they are taken to be in the model's unit.
///
/// A system for which all factors are 1 is returned as it is; the others are new ones, differentiable with
/// respect to what was given. Data that are not there are left to `check_inputs`.
///
/// @param systems with lengths in `system_length_unit`
/// @param requested_inputs data that the model asks for, by name
/// @param model_length_unit unit of lengths that the model works with; empty for "as they come"
/// @param system_length_unit unit of lengths in the systems; empty for "as the model works"
/// @throws ValueError for units that can not be converted
METATOMIC_TORCH_EXPORT std::vector<System>
convert_systems_units(const std::vector<System>& systems,
                      const c10::Dict<std::string, ModelOutput>& requested_inputs,
                      const std::string& model_length_unit, const std::string& system_length_unit);

/// The outputs (values and gradients) in the units that were requested; an output whose factor is 1 is
/// returned as it is, the others are new.
///
/// @param outputs what the model returned, by name
/// @param declared what the model offers, with the units of `outputs`
/// @param requested what was asked for, with the wanted units
/// @throws ValueError for units that can not be converted, or an output that was not declared
METATOMIC_TORCH_EXPORT c10::Dict<std::string, metatensor_torch::TensorMap>
convert_outputs_units(const c10::Dict<std::string, metatensor_torch::TensorMap>& outputs,
                      const c10::Dict<std::string, ModelOutput>& declared,
                      const c10::Dict<std::string, ModelOutput>& requested);

} // namespace metatomic_torch
