// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "json.hpp"
#include "metatomic/torch/model.hpp"

namespace metatomic_torch::detail {

/// JSON object of an output, as it stands alone and within others.
Json json_of(const ModelOutputData& output);

/// Inverse of `json_of`.
ModelOutputData model_output_of(const Json& json);

} // namespace metatomic_torch::detail
