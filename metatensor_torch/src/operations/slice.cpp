// SPDX-License-Identifier: BSD-3-Clause
#include "metatensor/torch/operations/selections.hpp"
#include "operations/detail/blocks.hpp"
#include "operations/detail/slices.hpp"

namespace metatensor_torch {

TensorMap slice(const TensorMap& tensor, const std::string& axis, const Labels& selection) {
    details::Slicer slicer("slice", axis, {selection});
    slicer.prepare(tensor->data());
    return details::map_blocks(tensor, [&](const auto& block) { return slicer.cut(block)[0]; });
}

TensorBlock slice_block(const TensorBlock& block, const std::string& axis, const torch::IValue& selection) {
    details::Slicer slicer("slice_block", axis, {selection});
    return TensorBlockHolder::own(slicer.cut(block->data())[0]);
}

} // namespace metatensor_torch
