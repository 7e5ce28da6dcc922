// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// IWYU pragma: begin_exports
#include "metatomic/torch/exports.h"
#include "metatomic/torch/version.h"

#include "metatomic/torch/evaluation.hpp"
#include "metatomic/torch/evaluator.hpp"
#include "metatomic/torch/misc.hpp"
#include "metatomic/torch/model.hpp"
#include "metatomic/torch/quantities.hpp"
#include "metatomic/torch/system.hpp"
#include "metatomic/torch/units.hpp"
// IWYU pragma: end_exports
