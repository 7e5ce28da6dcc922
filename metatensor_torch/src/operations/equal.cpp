// SPDX-License-Identifier: BSD-3-Clause
#include "metatensor/torch/operations/comparison.hpp"
#include "operations/detail/difference.hpp"

namespace metatensor_torch {

namespace {

torch::Tensor same_values(const torch::Tensor& first, const torch::Tensor& other) {
    return (first == other).all();
}

details::Difference difference(const TensorMap& tensor_1, const TensorMap& tensor_2, details::Wanted wanted) {
    return details::map_difference(*tensor_1, *tensor_2, same_values, wanted);
}

details::Difference difference(const TensorBlock& block_1, const TensorBlock& block_2,
                               details::Wanted wanted) {
    return details::block_difference(block_1->data(), block_2->data(), same_values, wanted);
}

} // namespace

bool equal(const TensorMap& tensor_1, const TensorMap& tensor_2) {
    return !difference(tensor_1, tensor_2, details::Wanted::whether);
}

void equal_raise(const TensorMap& tensor_1, const TensorMap& tensor_2) {
    details::raise_difference("equal_raise", difference(tensor_1, tensor_2, details::Wanted::difference));
}

bool equal_block(const TensorBlock& block_1, const TensorBlock& block_2) {
    return !difference(block_1, block_2, details::Wanted::whether);
}

void equal_block_raise(const TensorBlock& block_1, const TensorBlock& block_2) {
    details::raise_difference("equal_block_raise", difference(block_1, block_2, details::Wanted::difference));
}

} // namespace metatensor_torch
