// SPDX-License-Identifier: BSD-3-Clause
#include "metatensor/torch/operations/comparison.hpp"

#include "check.hpp"
#include "operations/detail/difference.hpp"

namespace metatensor_torch {

namespace {

details::ValuesMatch nearly_same_values(const char* operation, double rtol, double atol, bool equal_nan) {
    return [=](const torch::Tensor& first, const torch::Tensor& other) {
        TORCH_CHECK(first.scalar_type() == other.scalar_type(), "the values given to '", operation,
                    "' must have the same dtype, got ", dtype_text(first.scalar_type()), " and ",
                    dtype_text(other.scalar_type()));
        return at::isclose(first, other, rtol, atol, equal_nan).all();
    };
}

} // namespace

bool allclose(const TensorMap& tensor_1, const TensorMap& tensor_2, double rtol, double atol,
              bool equal_nan) {
    const auto match = nearly_same_values("allclose", rtol, atol, equal_nan);
    return !details::map_difference(*tensor_1, *tensor_2, match);
}

void allclose_raise(const TensorMap& tensor_1, const TensorMap& tensor_2, double rtol, double atol,
                    bool equal_nan) {
    const auto match = nearly_same_values("allclose_raise", rtol, atol, equal_nan);
    details::raise_difference("allclose_raise", details::map_difference(*tensor_1, *tensor_2, match));
}

bool allclose_block(const TensorBlock& block_1, const TensorBlock& block_2, double rtol, double atol,
                    bool equal_nan) {
    const auto match = nearly_same_values("allclose_block", rtol, atol, equal_nan);
    return !details::block_difference(block_1->data(), block_2->data(), match);
}

void allclose_block_raise(const TensorBlock& block_1, const TensorBlock& block_2, double rtol, double atol,
                          bool equal_nan) {
    const auto match = nearly_same_values("allclose_block_raise", rtol, atol, equal_nan);
    details::raise_difference("allclose_block_raise",
                              details::block_difference(block_1->data(), block_2->data(), match));
}

} // namespace metatensor_torch
