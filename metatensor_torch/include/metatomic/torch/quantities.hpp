// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <torch/script.h>

#include <metatensor/torch.hpp>

#include "metatomic/torch/exports.h"
#include "metatomic/torch/model.hpp"
#include "metatomic/torch/system.hpp"

namespace metatomic_torch {

/// Checks that the inputs or outputs of a model have the layout that the metatomic standard gives for their
/// names: keys, dtype, sample names and sample values, components, properties and gradients.
///
/// @param systems what the model is evaluated on
/// @param requested what was asked for
/// @param selected_atoms [n_selected], with the names `system, atom`: the only atoms that outputs speak of
/// @param values what came: by name, as in `requested`
/// @param model_dtype "float32" or "float64"
/// @param inputs_or_outputs "inputs" or "outputs"; outputs that were not requested are an error
/// @throws ValueError with the name of the quantity and what is wrong
METATOMIC_TORCH_EXPORT void
check_quantities(const std::vector<System>& systems, const c10::Dict<std::string, ModelOutput>& requested,
                 const std::optional<metatensor_torch::Labels>& selected_atoms,
                 const c10::Dict<std::string, metatensor_torch::TensorMap>& values,
                 const std::string& model_dtype, const std::string& inputs_or_outputs);

/// Dimension of the units of the quantity `name`: `energy` for "energy/variant", `none` for "feature", empty
/// for a custom quantity ("domain::name").
///
/// @throws ValueError if this is not a valid name
METATOMIC_TORCH_EXPORT std::string unit_dimension_for_quantity(const std::string& name);

namespace details {

/// What the parts of the name of a quantity say.
struct QuantityName {
    /// Is the quantity one of the standard ones? Otherwise the name is `domain::quantity[/variant]`.
    bool is_standard;
    /// Name without variant; for a deprecated plural, its current name.
    std::string base;
    /// `base[/variant]`, the same as the whole name unless that is deprecated.
    std::string current;
};

/// Takes the name of a quantity apart.
///
/// @param name the name of a quantity
/// @param context what the name names, for messages ("model output", "quantity")
/// @param deprecated_names warn about a deprecated plural?
/// @throws ValueError if the name is not valid
METATOMIC_TORCH_EXPORT QuantityName validate_quantity_name(const std::string& name,
                                                           const std::string& context,
                                                           DeprecatedNames deprecated_names);

} // namespace details
} // namespace metatomic_torch
