// SPDX-License-Identifier: BSD-3-Clause
#include "metatensor/torch/operations/reductions.hpp"
#include "operations/detail/reductions.hpp"

namespace metatensor_torch {

TensorMap mean_over_samples(const TensorMap& tensor, const torch::IValue& sample_names) {
    return details::reduce_samples("mean_over_samples", tensor, sample_names, details::Statistic::mean);
}

TensorBlock mean_over_samples_block(const TensorBlock& block, const torch::IValue& sample_names) {
    return details::reduce_samples("mean_over_samples_block", block, sample_names, details::Statistic::mean);
}

} // namespace metatensor_torch
