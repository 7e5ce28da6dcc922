// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <torch/script.h>

#include "metatensor/torch/tensor.hpp"

/// What zeros_like, ones_like, empty_like and random_uniform_like share
namespace metatensor_torch::details {

/// New tensor of this shape
using MakeValues = torch::Tensor (*)(c10::IntArrayRef shape, const torch::TensorOptions& options);

/// How the new values are made, and which gradients there are
struct NewValues {
    const char* operation;
    MakeValues make;
    const torch::IValue& gradients;
    bool requires_grad;
};

/// Map with the keys and labels of `tensor` and new values
TensorMap with_new_values(const TensorMap& tensor, const NewValues& settings);

/// Block with the labels of `block` and new values
TensorBlock with_new_values(const TensorBlock& block, const NewValues& settings);

} // namespace metatensor_torch::details
