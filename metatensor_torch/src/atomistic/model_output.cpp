// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>

#include "metatomic/torch/model.hpp"
#include "metatomic/torch/units.hpp"
#include "model_json.hpp"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations" // per_atom and quantity

namespace metatomic_torch {

using detail::Json;

namespace {

constexpr std::array SAMPLE_KINDS = {"atom", "atom_pair", "system"};

/// Checks the unit alone; where it is none of the quantity, there is a warning only, as models were saved
/// with such.
void check_unit_of_quantity(const std::string& quantity, const std::string& unit) {
    details::validate_unit("none", unit);
    if (!details::valid_dimension(quantity)) return;
    try {
        details::validate_unit(quantity, unit);
    } catch (const c10::Error& error) {
        TORCH_WARN("the unit of a ModelOutput does not suit its quantity: ", error.what_without_backtrace());
    }
}

} // namespace

ModelOutputData::ModelOutputData(std::string quantity, std::string unit, std::string sample_kind,
                                 std::vector<std::string> explicit_gradients, std::string description)
    : description(std::move(description)), explicit_gradients(std::move(explicit_gradients)) {
    set_unit(std::move(unit));
    if (!quantity.empty()) set_quantity(std::move(quantity));
    set_sample_kind(std::move(sample_kind));
}

ModelOutputData::ModelOutputData(std::string quantity, std::string unit, bool per_atom,
                                 std::vector<std::string> explicit_gradients, std::string description)
    : ModelOutputData(std::move(quantity), std::move(unit), std::string(per_atom ? "atom" : "system"),
                      std::move(explicit_gradients), std::move(description)) {}

void ModelOutputData::set_quantity(std::string quantity) {
    check_unit_of_quantity(quantity, unit_);
    quantity_ = std::move(quantity);
}

void ModelOutputData::set_unit(std::string unit) {
    check_unit_of_quantity(quantity_, unit);
    unit_ = std::move(unit);
}

std::string ModelOutputData::sample_kind() const {
    if (per_atom) return "atom";
    return sample_kind_ == "atom" ? "system" : sample_kind_;
}

void ModelOutputData::set_sample_kind(std::string sample_kind) {
    const auto known = std::find(SAMPLE_KINDS.begin(), SAMPLE_KINDS.end(), sample_kind) != SAMPLE_KINDS.end();
    TORCH_CHECK_VALUE(known, "invalid sample_kind '", sample_kind,
                      "': it must be one of 'atom', 'atom_pair', 'system'");
    per_atom = sample_kind == "atom";
    sample_kind_ = std::move(sample_kind);
}

bool ModelOutputData::get_per_atom() const {
    const auto kind = sample_kind();
    TORCH_CHECK_VALUE(
        kind != "atom_pair",
        "`per_atom` has no meaning for the sample_kind 'atom_pair', only for 'atom' and 'system'");
    return kind == "atom";
}

void ModelOutputData::set_per_atom(bool per_atom) { set_sample_kind(per_atom ? "atom" : "system"); }

std::string ModelOutputData::to_json() const { return detail::write_json(detail::json_of(*this)); }

ModelOutputData ModelOutputData::parse_json(std::string_view text) {
    return detail::read_json(text, "ModelOutput", detail::model_output_of);
}

ModelOutput ModelOutputHolder::from_json(std::string_view json) {
    return torch::make_intrusive<ModelOutputHolder>(parse_json(json));
}

Json detail::json_of(const ModelOutputData& output) {
    return {
        {"class", "ModelOutput"},
        {"description", output.description},
        {"unit", output.unit()},
        {"sample_kind", output.sample_kind()},
        {"explicit_gradients", output.explicit_gradients},
    };
}

ModelOutputData detail::model_output_of(const Json& json) {
    TORCH_CHECK_VALUE(json.is_object(), "invalid JSON for ModelOutput: expected an object, got ",
                      json.type_name());
    // before metatomic 0.1.12: `per_atom` instead of `sample_kind`; the quantity was stored too
    const auto old_kind = value_or(json, "per_atom", false) ? "atom" : "system";
    return {
        value_or(json, "quantity", std::string()),
        value_or(json, "unit", std::string()),
        value_or(json, "sample_kind", std::string(old_kind)),
        value_or(json, "explicit_gradients", std::vector<std::string>()),
        value_or(json, "description", std::string()),
    };
}

} // namespace metatomic_torch
