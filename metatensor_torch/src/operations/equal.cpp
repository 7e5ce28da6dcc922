// SPDX-License-Identifier: BSD-3-Clause
#include "metatensor/torch/operations/comparison.hpp"
#include "operations/detail/difference.hpp"

namespace metatensor_torch {

namespace {

torch::Tensor same_values(const torch::Tensor& first, const torch::Tensor& other) {
    return (first == other).all();
}

details::Difference difference(const TensorMap& tensor_1, const TensorMap& tensor_2) {
    return details::map_difference(*tensor_1, *tensor_2, same_values);
}

details::Difference difference(const TensorBlock& block_1, const TensorBlock& block_2) {
    return details::block_difference(block_1->data(), block_2->data(), same_values);
}

} // namespace

bool equal(const TensorMap& tensor_1, const TensorMap& tensor_2) { return !difference(tensor_1, tensor_2); }

void equal_raise(const TensorMap& tensor_1, const TensorMap& tensor_2) {
    details::raise_difference("equal_raise", difference(tensor_1, tensor_2));
}

bool equal_block(const TensorBlock& block_1, const TensorBlock& block_2) {
    return !difference(block_1, block_2);
}

void equal_block_raise(const TensorBlock& block_1, const TensorBlock& block_2) {
    details::raise_difference("equal_block_raise", difference(block_1, block_2));
}

} // namespace metatensor_torch
