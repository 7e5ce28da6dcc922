// SPDX-License-Identifier: BSD-3-Clause
#include "quantity_table.hpp"

#include <algorithm>

#include "metatomic/torch/quantities.hpp"
#include "metatomic/torch/units.hpp"
#include "warn_once.hpp"

namespace metatomic_torch {
namespace {

using detail::Components;
using detail::Properties;
using detail::QuantityRow;

constexpr QuantityRow QUANTITIES[] = {
    {.name = "energy", .dimension = "energy", .property = "energy", .may_have_gradients = true},
    {.name = "energy_ensemble",
     .dimension = "energy",
     .property = "energy",
     .properties = Properties::ensemble,
     .may_have_gradients = true},
    {.name = "energy_uncertainty", .dimension = "energy", .property = "energy", .may_have_gradients = true},
    {.name = "feature", .deprecated_name = "features", .dimension = "none", .properties = Properties::free},
    {.name = "non_conservative_force",
     .deprecated_name = "non_conservative_forces",
     .dimension = "force",
     .property = "non_conservative_force",
     .components = Components::xyz},
    {.name = "non_conservative_stress",
     .dimension = "pressure",
     .property = "non_conservative_stress",
     .components = Components::xyz_2},
    {.name = "position",
     .deprecated_name = "positions",
     .dimension = "length",
     .property = "position",
     .components = Components::xyz},
    {.name = "momentum",
     .deprecated_name = "momenta",
     .dimension = "momentum",
     .property = "momentum",
     .components = Components::xyz},
    {.name = "velocity",
     .deprecated_name = "velocities",
     .dimension = "velocity",
     .property = "velocity",
     .components = Components::xyz},
    {.name = "mass", .deprecated_name = "masses", .dimension = "mass", .property = "mass"},
    {.name = "charge", .deprecated_name = "charges", .dimension = "charge", .property = "charge"},
    {.name = "spin_multiplicity",
     .dimension = "none",
     .property = "spin_multiplicity",
     .is_per_system = true},
    {.name = "heat_flux",
     .dimension = "heat_flux",
     .property = "heat_flux",
     .components = Components::xyz,
     .is_per_system = true},
};

[[noreturn]] void invalid_name(const std::string& context, const std::string& name, const std::string& why) {
    C10_THROW_ERROR(ValueError, "invalid " + context + " name '" + name + "': " + why);
}

} // namespace

const QuantityRow* detail::find_quantity(std::string_view name) {
    const auto* found = std::find_if(std::begin(QUANTITIES), std::end(QUANTITIES), [&](const auto& row) {
        return row.name == name || (!name.empty() && row.deprecated_name == name);
    });
    return found == std::end(QUANTITIES) ? nullptr : found;
}

details::QuantityName details::validate_quantity_name(const std::string& name, const std::string& context,
                                                      DeprecatedNames deprecated_names) {
    const auto slash = name.find('/');
    const auto base = name.substr(0, slash);
    const auto variant = slash == std::string::npos ? "" : name.substr(slash);
    if (base.empty() || variant == "/") {
        invalid_name(context, name,
                     "a variant is named '<quantity>/<variant>', and neither part can be empty");
    }

    if (variant.find("::") != std::string::npos) {
        invalid_name(context, name, "a variant can not have '::' in it");
    }

    if (const auto separator = base.find("::"); separator != std::string::npos) {
        if (separator == 0 || separator + 2 == base.size()) {
            invalid_name(context, name,
                         "a custom quantity is named '<domain>::<quantity>', and neither part can be empty");
        }
        return {.is_standard = false, .base = base, .current = name};
    }

    const auto* quantity = detail::find_quantity(base);
    if (quantity == nullptr) {
        invalid_name(
            context, name,
            "this is not a known quantity. A variant of one is named '<quantity>/<variant>', a custom "
            "quantity '<domain>::<quantity>[/<variant>]'");
    }
    const std::string current(quantity->name);
    if (base != current && deprecated_names == DeprecatedNames::warn) {
        detail::warn_deprecated_once("the quantity '" + base + "' is now called '" + current +
                                     "', please use this name");
    }
    return {.is_standard = true, .base = current, .current = current + variant};
}

std::string detail::deprecated_name_of(const std::string& name) {
    const auto slash = name.find('/');
    const auto* quantity = find_quantity(name.substr(0, slash));
    if (quantity == nullptr || quantity->deprecated_name.empty()) return {};
    return std::string(quantity->deprecated_name) + (slash == std::string::npos ? "" : name.substr(slash));
}

std::string unit_dimension_for_quantity(const std::string& name) {
    const auto parts = details::validate_quantity_name(name, "quantity", DeprecatedNames::warn);
    return parts.is_standard ? std::string(detail::find_quantity(parts.base)->dimension) : "";
}

void detail::check_unit_of_named(const std::string& name, const std::string& unit) {
    const auto parts = details::validate_quantity_name(name, "quantity", DeprecatedNames::accept);
    details::validate_unit(parts.is_standard ? std::string(find_quantity(parts.base)->dimension) : "none",
                           unit);
}

} // namespace metatomic_torch
