// SPDX-License-Identifier: BSD-3-Clause
#include "metatensor/torch/operations/reductions.hpp"
#include "operations/detail/reductions.hpp"

namespace metatensor_torch {

TensorMap std_over_properties(const TensorMap& tensor, const torch::IValue& property_names) {
    return details::reduce_properties("std_over_properties", tensor, property_names,
                                      details::Statistic::standard_deviation);
}

TensorBlock std_over_properties_block(const TensorBlock& block, const torch::IValue& property_names) {
    return details::reduce_properties("std_over_properties_block", block, property_names,
                                      details::Statistic::standard_deviation);
}

} // namespace metatensor_torch
