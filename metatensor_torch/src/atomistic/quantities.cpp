// SPDX-License-Identifier: BSD-3-Clause
#include <ATen/record_function.h>

#include "metatomic/torch/quantities.hpp"

#include "check.hpp"
#include "expected_samples.hpp"
#include "neighbors_layout.hpp"
#include "quantity_table.hpp"
#include "warn_once.hpp"

namespace metatomic_torch {

using metatensor_torch::comma_list;
using metatensor_torch::Labels;
using metatensor_torch::TensorBlock;
using metatensor_torch::TensorMap;
using metatensor_torch::TensorMapHolder;

namespace {

using detail::Components;
using detail::Properties;
using detail::QuantityRow;

torch::ScalarType parse_dtype(const std::string& model_dtype) {
    TORCH_CHECK_VALUE(model_dtype == "float32" || model_dtype == "float64",
                      "the dtype of a model must be 'float32' or 'float64', got '", model_dtype, "'");
    return model_dtype == "float32" ? torch::kFloat32 : torch::kFloat64;
}

void check_keys(const std::string& name, const TensorMap& value) {
    TORCH_CHECK_VALUE(detail::is_range(value->keys(), "_", 1), "invalid keys for '", name,
                      "': expected a single key, '_' = 0, got ", value->keys()->str());
}

/// Names of the components, each of which has the entries 0, 1, 2.
std::vector<std::string> names_of(Components components) {
    switch (components) {
    case Components::none:
        return {};
    case Components::xyz:
        return {"xyz"};
    case Components::xyz_2:
        return {"xyz_1", "xyz_2"};
    }
    return {};
}

void check_components(const std::string& name, const TensorBlock& block, Components expected) {
    const auto& components = block->components();
    const auto names = names_of(expected);
    auto same = components.size() == names.size();
    for (size_t i = 0; same && i < names.size(); ++i)
        same = detail::is_range(components[i], names[i], 3);
    if (same) return;

    std::vector<std::string> wanted;
    for (const auto& component : names)
        wanted.push_back("'" + component + "' = 0, 1, 2");
    std::vector<std::string> found;
    for (const auto& component : components)
        found.push_back(component->str());
    C10_THROW_ERROR(ValueError, "invalid components for '" + name + "': expected [" + comma_list(wanted) +
                                    "], got [" + comma_list(found) + "]");
}

void check_properties(const std::string& name, const TensorBlock& block, const QuantityRow& quantity) {
    if (quantity.properties == Properties::free) return;

    const auto& properties = block->properties();
    const auto is_deprecated = !quantity.deprecated_name.empty() && properties->size() == 1 &&
                               properties->names()[0] == quantity.deprecated_name;
    const auto property = is_deprecated ? quantity.deprecated_name : quantity.property;
    const auto n_properties = quantity.properties == Properties::ensemble ? properties->count() : 1;
    TORCH_CHECK_VALUE(detail::is_range(properties, property, n_properties), "invalid properties for '", name,
                      "': expected '", quantity.property,
                      "' = ", quantity.properties == Properties::ensemble ? "0, 1, ..., n - 1" : "0",
                      ", got ", properties->str());
    if (is_deprecated) {
        detail::warn_deprecated_once("the property '" + std::string(property) + "' of '" + name +
                                     "' is now called '" + std::string(quantity.property) +
                                     "', please use this name");
    }
}

void check_gradient(const std::string& name, const std::string& parameter, const TensorBlock& block,
                    const detail::ExpectedSamples& expected_samples) {
    const auto gradient = metatensor_torch::TensorBlockHolder::gradient(block, parameter);
    const auto what = name + "' gradients with respect to '" + parameter;
    const auto& samples = gradient->samples()->names();
    if (parameter == "positions") {
        const std::vector<std::string> expected = {"sample", "system", "atom"};
        TORCH_CHECK_VALUE(samples == expected, "invalid samples for '", what, "': expected the names [",
                          comma_list(expected), "], got [", comma_list(samples), "]");
        expected_samples.check_position_gradients(what, gradient->samples(), block->samples());
        check_components(what, gradient, Components::xyz);
    } else if (parameter == "strain") {
        TORCH_CHECK_VALUE(samples == std::vector<std::string>{"sample"}, "invalid samples for '", what,
                          "': expected the names [sample], got [", comma_list(samples), "]");
        check_components(what, gradient, Components::xyz_2);
    } else {
        C10_THROW_ERROR(ValueError, "unexpected '" + what + "': only 'positions' and 'strain' can be used");
    }
}

void check_gradients(const std::string& name, const TensorBlock& block, const QuantityRow& quantity,
                     const detail::ExpectedSamples& expected) {
    for (const auto& parameter : block->gradients_list()) {
        TORCH_CHECK_VALUE(quantity.may_have_gradients, "unexpected gradients of '", name,
                          "' with respect to '", parameter, "': this quantity has no gradients");
        check_gradient(name, parameter, block, expected);
    }
}

/// Checks all of one value but its dtype.
void check_standard_quantity(const std::string& name, const QuantityRow& quantity, const TensorMap& value,
                             const std::string& sample_kind, const detail::ExpectedSamples& expected) {
    TORCH_CHECK_VALUE(!quantity.is_per_system || sample_kind == "system", "'", name,
                      "' belongs to a whole system, but it was requested with the sample_kind '", sample_kind,
                      "'");
    check_keys(name, value);
    const auto block = TensorMapHolder::block_by_id(value, 0);
    expected.check(name, sample_kind, block->samples());
    check_components(name, block, quantity.components);
    check_properties(name, block, quantity);
    check_gradients(name, block, quantity, expected);
}

} // namespace

void check_quantities(const std::vector<System>& systems,
                      const c10::Dict<std::string, ModelOutput>& requested,
                      const std::optional<Labels>& selected_atoms,
                      const c10::Dict<std::string, TensorMap>& values, const std::string& model_dtype,
                      const std::string& inputs_or_outputs) {
    RECORD_FUNCTION("AtomisticModel::check_" + inputs_or_outputs, {});
    const auto is_outputs = inputs_or_outputs == "outputs";
    TORCH_CHECK_VALUE(is_outputs || inputs_or_outputs == "inputs", "expected 'inputs' or 'outputs', got '",
                      inputs_or_outputs, "'");
    const auto dtype = parse_dtype(model_dtype);
    for (const auto& entry : values) {
        TORCH_CHECK_VALUE(!is_outputs || requested.contains(entry.key()), "the model produced the output '",
                          entry.key(), "', which was not requested");
    }

    const detail::ExpectedSamples expected(systems, selected_atoms);
    for (const auto& entry : requested) {
        const auto& name = entry.key();
        const auto found = values.find(name);
        if (found == values.end()) {
            TORCH_CHECK_VALUE(!is_outputs, "the model did not produce the output '", name,
                              "', which was requested");
            C10_THROW_ERROR(ValueError, "the input '" + name + "', which the model requests, is missing");
        }
        const auto value = found->value();
        TORCH_CHECK_VALUE(value->keys()->count() == 0 || value->scalar_type() == dtype, "wrong dtype for '",
                          name, "': the model uses ", metatensor_torch::dtype_text(dtype),
                          ", but these data are ", metatensor_torch::dtype_text(value->scalar_type()));

        const auto parts = details::validate_quantity_name(name, "quantity", DeprecatedNames::accept);
        if (!parts.is_standard) continue; // only the model knows its layout
        check_standard_quantity(name, *detail::find_quantity(parts.base), value, entry.value()->sample_kind(),
                                expected);
    }
}

} // namespace metatomic_torch
