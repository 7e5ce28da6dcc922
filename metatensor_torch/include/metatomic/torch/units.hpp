// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "metatomic/torch/exports.h"

namespace metatomic_torch {

/// The factor by which a value in `from_unit` is multiplied to have it in `to_unit`: 96.485... for `eV` to
/// `kJ/mol`.
///
/// Units are expressions of unit names and numbers with `* / ^ ( )`; white space is ignored, all operators
/// are left-associative, an exponent is any dimensionless expression (`eV/A^3`, `kcal/mol/A`, `(kg*m/s)^2`,
/// `A^(1/2)`). Constants are CODATA 2022.
///
/// A name is looked up as it is spelled, then without regard to case (`EV`, `KCAL`, `angstrom`), but the SI
/// prefixes m (milli) and M (mega) never stand for each other: `mpa`, `MEV`, `MM` are unknown units, `MeV` is
/// 10^9 `meV`.
///
/// An empty unit on either side gives 1.
///
/// @throws ValueError for an unknown unit, a malformed expression, a factor that is not finite, or units
/// whose
///     dimensions differ
METATOMIC_TORCH_EXPORT double unit_conversion_factor(const std::string& from_unit,
                                                     const std::string& to_unit);

/// The same for `from_unit` and `to_unit`; the `quantity` is not used.
[[deprecated("use unit_conversion_factor(from_unit, to_unit)")]] METATOMIC_TORCH_EXPORT double
unit_conversion_factor(const std::string& quantity, const std::string& from_unit, const std::string& to_unit);

namespace details {

/// Is this one of the dimensions that units can be checked against (`length`, `energy`, `force`, ...)?
METATOMIC_TORCH_EXPORT bool valid_dimension(const std::string& dimension);

/// Checks that `unit` is empty or has the dimension of the given name; the dimension "none" takes any unit.
///
/// @throws ValueError for an unknown dimension, an invalid unit, or a unit of another dimension
METATOMIC_TORCH_EXPORT void validate_unit(const std::string& dimension, const std::string& unit);

} // namespace details
} // namespace metatomic_torch
