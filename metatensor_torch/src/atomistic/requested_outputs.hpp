// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "metatomic/torch/model.hpp"

namespace metatomic_torch::detail {

/// Checks that a model that offers the outputs `declared` can compute the output `name` as `requested`: for
/// such samples, with such explicit gradients.
///
/// @throws ValueError if it can not
void check_requested_output(const std::string& name, const ModelOutputData& requested,
                            const c10::Dict<std::string, ModelOutput>& declared);

} // namespace metatomic_torch::detail
