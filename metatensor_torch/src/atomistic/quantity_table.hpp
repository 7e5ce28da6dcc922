// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>

namespace metatomic_torch::detail {

/// Components that the values of a quantity have.
enum class Components {
    none,  ///< scalars
    xyz,   ///< vectors: one component `xyz` = 0, 1, 2
    xyz_2, ///< matrices: `xyz_1` = 0, 1, 2 and `xyz_2` = 0, 1, 2
};

/// Properties that the values of a quantity have.
enum class Properties {
    single,   ///< one entry, 0
    ensemble, ///< 0, 1, ..., n - 1
    free,     ///< anything
};

/// How a standard quantity is laid out.
struct QuantityRow {
    std::string_view name;
    std::string_view deprecated_name = {}; ///< empty if there is none
    std::string_view dimension;            ///< of its unit, see `validate_unit`
    std::string_view property = {};        ///< name of the properties; empty if that is free
    Components components = Components::none;
    Properties properties = Properties::single;
    bool may_have_gradients = false;
    bool is_per_system = false; ///< is `system` the only sample kind?
};

/// The row of this name or deprecated name, null if there is none.
const QuantityRow* find_quantity(std::string_view name);

/// Deprecated name of a quantity (`name[/variant]`), empty if there is none.
std::string deprecated_name_of(const std::string& name);

/// Checks that the unit of a quantity (`name[/variant]`) has the dimension of that quantity.
void check_unit_of_named(const std::string& name, const std::string& unit);

} // namespace metatomic_torch::detail
