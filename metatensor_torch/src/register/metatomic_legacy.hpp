// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <span>

#include "atomistic/legacy.hpp"
#include "register/operators.hpp"

namespace metatomic_torch {

/// Operators of `metatensor` that take or return the classes under their legacy names, written LegacySystem
/// etc.
std::span<const metatensor_torch::OperatorRow> legacy_operators();

/// Operators of `metatomic` that lead from one generation of classes to the other.
std::span<const metatensor_torch::OperatorRow> bridge_operators();

} // namespace metatomic_torch
